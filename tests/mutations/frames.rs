//! Damage to a file of frames, each a length with its high byte first and a body, that leaves most of
//! its structure whole: lengths, bodies, whole frames.

use crate::GROWN_BYTES;
use crate::dice::Dice;

/// A file of frames.
pub(crate) struct Document {
    /// Bytes of a length.
    width: usize,
    bodies: Vec<Vec<u8>>,
}

impl Document {
    /// The frames of a file, if at least one fills its beginning; `None` for other content.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        [2, 4].into_iter().find_map(|width| {
            let bodies = bodies(bytes, width);
            let held: usize = bodies.iter().map(|body| body.len() + width).sum();
            // What is behind the last whole frame, or before the first, belongs to none.
            let is_it =
                !bodies.is_empty() && held * 2 > bytes.len() && bodies.iter().all(|body| body.first() == Some(&9));
            is_it.then_some(Self { width, bodies })
        })
    }

    /// One to four changes.
    pub(crate) fn mutate(&self, dice: &mut Dice) -> Vec<u8> {
        let mut bodies = self.bodies.clone();
        for _ in 0..dice.below(4) {
            let (at, other) = (dice.below(bodies.len()), dice.below(bodies.len()));
            match dice.below(8) {
                0 if bodies.len() > 1 => drop(bodies.remove(at)),
                1 => bodies.insert(other, bodies[at].clone()),
                2 => bodies.swap(at, other),
                3 => {
                    let end = dice.below(bodies[at].len() + 1);
                    bodies[at].truncate(end);
                }
                4 => {
                    let place = dice.below(bodies[at].len() + 1);
                    let random: Vec<u8> = (0..dice.below(9)).map(|_| dice.bits() as u8).collect();
                    bodies[at].splice(place..place, random);
                }
                _ if !bodies[at].is_empty() => {
                    let place = dice.below(bodies[at].len());
                    bodies[at][place] = dice.bits() as u8;
                }
                _ => {}
            }
        }
        let lie = if dice.below(4) == 0 { Some((dice.below(bodies.len()), dice.bits())) } else { None };
        self.write(&bodies, lie)
    }

    /// One frame repeated until the file is large.
    pub(crate) fn grow(&self, dice: &mut Dice) -> Vec<u8> {
        let body = dice.pick(&self.bodies).clone();
        let times = GROWN_BYTES / (body.len() + self.width);
        self.write(&vec![body; times], None)
    }

    /// The file, with one length replaced by a lie.
    fn write(&self, bodies: &[Vec<u8>], lie: Option<(usize, u64)>) -> Vec<u8> {
        let mut out = Vec::new();
        for (i, body) in bodies.iter().enumerate() {
            let length = lie.filter(|lie| lie.0 == i).map_or(body.len() as u64, |lie| lie.1);
            out.extend(&length.to_be_bytes()[8 - self.width..]);
            out.extend(body);
        }
        out
    }
}

/// The whole frames at the start of a file.
fn bodies(bytes: &[u8], width: usize) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let mut at = 0;
    while let Some(length) = bytes.get(at..at + width) {
        let length = length.iter().fold(0usize, |sum, &b| sum << 8 | usize::from(b));
        let Some(body) = bytes.get(at + width..at + width + length) else { break };
        bodies.push(body.to_vec());
        at += width + length;
    }
    bodies
}
