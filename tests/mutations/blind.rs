//! Damage without knowledge of the content: flipped bits, cuts, copies, foreign pieces.

use crate::dice::Dice;

/// One to three damages to `bytes`; pieces are taken from `other`.
pub(crate) fn mutate(bytes: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=dice.below(3) {
        damage(&mut out, other, dice);
    }
    out
}

fn damage(out: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let at = dice.below(out.len() + 1);
    match dice.below(8) {
        // Cuts are rare: what comes after one is hardly ever read.
        0 if dice.below(4) == 0 => out.truncate(at),
        0 | 1 => drop(out.drain(dice.stretch(out.len()))),
        2 => {
            let copy = out[dice.stretch(out.len())].to_vec();
            out.splice(at..at, copy);
        }
        3 => {
            let piece = other[dice.stretch(other.len())].to_vec();
            let range = dice.stretch(out.len());
            out.splice(range, piece);
        }
        4 => {
            let random: Vec<u8> = (0..dice.below(9)).map(|_| dice.bits() as u8).collect();
            out.splice(at..at, random);
        }
        5 if at < out.len() => out[at] = *dice.pick(&[0, 0x7f, 0x80, 0xff, b'0', b'"', b'[', b';', b'\n']),
        _ if at < out.len() => out[at] ^= 1 << dice.below(8),
        _ => {}
    }
}
