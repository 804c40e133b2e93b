//! The overview track: what a thread was doing over time, its stalls, and the selected range.

use super::flame::{Span, outline, snapped};
use super::list::{Layer, PaintList, Rect, TextKind};
use super::metrics::Metrics;
use super::theme::Paint;
use crate::units;

/// Number of kinds of activity.
pub const ACTIVITIES: usize = 7;

/// How activity is stacked, the lowest first: the paint of each entry of [`Track::columns`].
pub const ACTIVITY_PAINTS: [Paint; ACTIVITIES] = [
    Paint::STATE_OWN,
    Paint::STATE_DEPENDENCY,
    Paint::STATE_RUNTIME,
    Paint::STATE_NATIVE,
    Paint::STATE_KERNEL,
    Paint::STATE_GC,
    Paint::STATE_PROGRAM,
];

/// From this height on there is room for ranks and lengths of stalls.
const TALL_PX: f64 = 120.0;
/// Height of the axis.
const AXIS_PX: f64 = 18.0;
/// Least distance of two ticks of the axis.
const TICK_PX: f64 = 90.0;
/// Height of a lane and of the gap below it; the style sheet's `--lanes` counts with the same.
const LANE_PX: f64 = 40.0;
const LANE_GAP_PX: f64 = 6.0;
/// Least width of a stall's mark.
const MARK_PX: f64 = 2.5;
const MARK_HEIGHT_PX: f64 = 6.0;
/// Least width of a mark whose length is written.
const LENGTH_PX: f64 = 60.0;

/// What the track shows.
#[derive(Debug, Clone, Copy)]
pub struct Track<'a> {
    /// Share of each kind of activity in the time of each column, 0 to 1 together; the rest was
    /// idle. One entry per CSS pixel of width: see [`TrackView::columns`].
    pub columns: &'a [[f32; ACTIVITIES]],
    /// Whether anything is known of what the thread did.
    pub has_activity: bool,
    /// What is drawn below it.
    pub lanes: &'a [DrawnLane],
    /// Stalls in the order of time.
    pub stalls: &'a [StallMark],
    /// The range that is looked at, nanoseconds; what lies outside is veiled.
    pub selected: Option<(i64, i64)>,
    /// A range that is being dragged; it is shown in place of the selected one.
    pub brush: Option<(i64, i64)>,
    /// The chosen stall.
    pub chosen: Option<(i64, i64)>,
}

/// A lane: numbers over time, or points in time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DrawnLane {
    /// Smallest and largest level in each column, parts of the lane's height; not a number where
    /// nothing is known.
    pub columns: Vec<(f32, f32)>,
    /// Points in time with a name, in their order.
    pub marks: Vec<(i64, String)>,
    /// Whether the levels are shares of time, filled to their height.
    pub is_solid: bool,
}

/// A stall, or a stretch in which the loop was busy with many short calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StallMark {
    /// First moment, nanoseconds.
    pub from_ns: i64,
    /// First moment behind it.
    pub to_ns: i64,
    /// Whether the loop was merely busy.
    pub is_busy: bool,
    /// Number by length, 1 is the longest; 0 for none.
    pub rank: u32,
}

/// Size of the canvas and the stretch of time that its width shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackView {
    /// Size of the canvas, CSS pixels.
    pub size: (f64, f64),
    /// Device pixels per CSS pixel.
    pub ratio: f64,
    /// What its width shows, nanoseconds.
    pub span: Span,
    /// Number of lanes below the activity.
    pub lanes: usize,
}

impl TrackView {
    /// Number of columns: one per CSS pixel. Column i covers the time from [`TrackView::time_at`]
    /// of `i` to that of `i + 1`.
    pub fn columns(&self) -> usize {
        if self.is_sound() { self.size.0.ceil() as usize } else { 0 }
    }

    /// The time at a place, nanoseconds.
    pub fn time_at(&self, x: f64) -> i64 {
        (self.span.from + x / self.size.0 * (self.span.to - self.span.from)).round() as i64
    }

    /// Where a moment lies, CSS pixels from the left edge; outside of the canvas when it is not in
    /// view.
    pub fn x_of(&self, at_ns: i64) -> f64 {
        (at_ns as f64 - self.span.from) / (self.span.to - self.span.from) * self.size.0
    }

    /// The stall whose mark or stretch lies at a place, the shortest if there are several.
    pub fn stall_at(&self, stalls: &[StallMark], x: f64) -> Option<usize> {
        let is_near = |s: &StallMark| {
            let (left, right) = (self.x_of(s.from_ns), self.x_of(s.to_ns));
            (left - 1.0..right.max(left + MARK_PX) + 1.0).contains(&x)
        };
        let near = stalls.iter().enumerate().filter(|(_, stall)| is_near(stall));
        near.min_by_key(|(_, stall)| stall.to_ns - stall.from_ns).map(|(i, _)| i)
    }

    fn is_sound(&self) -> bool {
        let wide = self.span.to - self.span.from;
        let sizes = [self.size.0, self.size.1];
        self.ratio > 0.0
            && self.ratio < 100.0
            && wide > 0.0
            && wide.is_finite()
            && sizes.iter().all(|s| (1.0..1e5).contains(s))
    }

    fn is_tall(&self) -> bool {
        self.without_lanes() >= TALL_PX
    }

    /// Height of all that stands above the lanes.
    fn without_lanes(&self) -> f64 {
        self.size.1 - self.lanes as f64 * LANE_PX
    }

    /// Which lane lies at a height.
    pub fn lane_at(&self, y: f64) -> Option<usize> {
        let below = y - self.without_lanes();
        (below >= 0.0).then_some((below / LANE_PX) as usize).filter(|&lane| lane < self.lanes)
    }

    /// Upper and lower edge of a lane's levels.
    fn lane(&self, lane: usize) -> (f64, f64) {
        let top = self.without_lanes() + lane as f64 * LANE_PX;
        (self.snap(top), self.snap(top + LANE_PX - LANE_GAP_PX))
    }

    /// Upper and lower edge of the activity.
    fn band(&self) -> (f64, f64) {
        let marks = if self.is_tall() { 22.0 } else { 14.0 };
        let top = AXIS_PX + marks + 4.0;
        (top, (self.without_lanes() - 8.0).max(top + 1.0))
    }

    fn mark_top(&self) -> f64 {
        AXIS_PX + if self.is_tall() { 12.0 } else { 4.0 }
    }

    fn snap(&self, css: f64) -> f64 {
        (css * self.ratio).round() / self.ratio
    }
}

/// Lays the track down in `list`.
pub fn timeline(track: &Track<'_>, view: &TrackView, metrics: &Metrics, list: &mut PaintList) {
    list.clear(view.size, view.ratio);
    list.content_height = view.size.1;
    if !view.is_sound() {
        return;
    }
    let range = track.brush.or(track.selected);
    let label_x = range.map(|range| pill_x(view, range));
    axis(view, metrics, label_x, list);
    if track.has_activity {
        activity(track.columns, view, list);
    }
    for (at, drawn) in track.lanes.iter().enumerate() {
        lane(drawn, at, view, metrics, list);
    }
    stalls(track.stalls, view, metrics, list);
    if let Some(chosen) = track.chosen {
        frame(view, chosen, list);
    }
    if let Some(range) = range {
        veil(view, range, list);
        edges(view, range, track.brush.is_none(), list);
        pill(view, range, metrics, list);
    }
}

fn rect(x: f64, y: f64, w: f64, h: f64) -> Rect {
    Rect { x: x as f32, y: y as f32, w: w as f32, h: h as f32, radius: 0.0 }
}

/// A line and a time at every tick; no time under the label of the range nor over the edge.
fn axis(view: &TrackView, metrics: &Metrics, label_x: Option<f64>, list: &mut PaintList) {
    const LABEL_HALF_PX: f64 = 46.0;
    let ticks = Ticks::new(view.span, view.size.0);
    let hair = f64::from(snapped(1.0, view.ratio));
    for at_ns in ticks.clone() {
        let x = view.snap(view.x_of(at_ns));
        list.rect(Layer::Under, Paint::GRID, rect(x, 14.0, hair, view.size.1 - 14.0));
        if label_x.is_some_and(|label| (x + 12.0 - label).abs() < LABEL_HALF_PX) {
            continue;
        }
        let mark = list.mark();
        ticks.write(at_ns, list.letters());
        let width = metrics.sans_width(list.since(mark));
        if x + 4.0 + width <= view.size.0 {
            list.keep(mark, TextKind::Label, Paint::TEXT_AXIS, (x + 4.0, 9.0), width + 1.0);
        } else {
            list.drop_since(mark);
        }
    }
}

/// Round moments of an axis.
#[derive(Debug, Clone)]
struct Ticks {
    next: i64,
    end: f64,
    step: i64,
    /// The unit of the times: name, nanoseconds, and digits behind the point.
    unit: &'static str,
    unit_ns: i64,
    digits: usize,
}

impl Ticks {
    fn new(span: Span, width: f64) -> Self {
        let least = (span.to - span.from) / width * TICK_PX;
        let step = nice_step(least);
        let units = [("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000), ("ns", 1)];
        let largest = span.to.abs().max(span.from.abs());
        let (unit, unit_ns) = units.into_iter().find(|&(_, ns)| largest >= ns as f64).unwrap_or(("ns", 1));
        // As many digits as tell two neighbouring ticks apart.
        let digits = (0..9).find(|&d| step % (unit_ns / 10i64.pow(d)).max(1) == 0).unwrap_or(9) as usize;
        let first = (span.from / step as f64).ceil() * step as f64;
        Self { next: first as i64, end: span.to, step, unit, unit_ns, digits }
    }

    fn write(&self, at_ns: i64, out: &mut String) {
        if at_ns == 0 {
            return out.push('0');
        }
        let (whole, rest) = (at_ns.abs() / self.unit_ns, at_ns.abs() % self.unit_ns);
        if at_ns < 0 {
            out.push('\u{2212}');
        }
        out.push_str(&units::grouped(whole));
        let mut rest = rest;
        for place in 0..self.digits {
            if place == 0 {
                out.push('.');
            }
            rest *= 10;
            out.push(char::from(b'0' + (rest / self.unit_ns) as u8));
            rest %= self.unit_ns;
        }
        out.push(units::THIN);
        out.push_str(self.unit);
    }
}

impl Iterator for Ticks {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let at = self.next;
        self.next = at.checked_add(self.step)?;
        (at as f64 <= self.end).then_some(at)
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50 … that is at least `least`.
fn nice_step(least: f64) -> i64 {
    let mut power = 1i64;
    while let Some(next) = power.checked_mul(10).filter(|_| power as f64 * 5.0 < least) {
        power = next;
    }
    let steps = [1, 2, 5].map(|factor| power.saturating_mul(factor));
    steps.into_iter().find(|&step| step as f64 >= least).unwrap_or(i64::MAX)
}

/// Columns of stacked activity. Equal neighbours are one rectangle.
fn activity(columns: &[[f32; ACTIVITIES]], view: &TrackView, list: &mut PaintList) {
    let (top, bottom) = view.band();
    let (top, bottom) = (view.snap(top), view.snap(bottom));
    list.rect(Layer::Under, Paint::TRACK, rect(0.0, top, view.size.0, bottom - top));
    for (i, shares) in columns.iter().take(view.columns()).enumerate() {
        let (left, right) = (view.snap(i as f64), view.snap((i + 1) as f64).min(view.snap(view.size.0)));
        stack(shares, view, (left, right), (top, bottom), list);
    }
    let hair = f64::from(snapped(1.0, view.ratio));
    list.rect(Layer::Under, Paint::TRACK_LINE, rect(0.0, bottom, view.size.0, hair));
}

fn stack(shares: &[f32; ACTIVITIES], view: &TrackView, x: (f64, f64), y: (f64, f64), list: &mut PaintList) {
    let (top, bottom) = y;
    let mut sum = 0.0;
    let mut lower = bottom;
    for (share, paint) in shares.iter().zip(ACTIVITY_PAINTS) {
        sum += f64::from(share.clamp(0.0, 1.0));
        let upper = view.snap(bottom - sum.min(1.0) * (bottom - top));
        if upper < lower {
            column(paint, rect(x.0, upper, x.1 - x.0, lower - upper), list);
            lower = upper;
        }
    }
    if sum > 0.0 && lower == bottom {
        // Less than a pixel in all: one pixel of what there is most of.
        let most = (0..ACTIVITIES).max_by(|&a, &b| shares[a].total_cmp(&shares[b]).then(b.cmp(&a))).unwrap_or(0);
        let hair = f64::from(snapped(1.0, view.ratio));
        column(ACTIVITY_PAINTS[most], rect(x.0, bottom - hair, x.1 - x.0, hair), list);
    }
}

/// A lane: what its levels lie above, tinted, and the levels themselves; or marks with their names.
fn lane(lane: &DrawnLane, at: usize, view: &TrackView, metrics: &Metrics, list: &mut PaintList) {
    let (top, bottom) = view.lane(at);
    let hair = f64::from(snapped(1.0, view.ratio));
    list.rect(Layer::Under, Paint::TRACK, rect(0.0, top, view.size.0, bottom - top));
    for (i, &(low, high)) in lane.columns.iter().enumerate().filter(|(_, level)| !level.0.is_nan()) {
        let (left, right) = (view.snap(i as f64), view.snap((i + 1) as f64).min(view.snap(view.size.0)));
        let y = |level: f32| view.snap(bottom - f64::from(level) * (bottom - top));
        let upper = y(high).min(bottom - hair);
        let line = if lane.is_solid { bottom - upper } else { (y(low) - upper).max(2.0 * hair).min(bottom - upper) };
        column(Paint::LANE, rect(left, upper, right - left, bottom - upper), list);
        column(Paint::STATE_NATIVE, rect(left, upper, right - left, line), list);
    }
    for (i, (at_ns, name)) in lane.marks.iter().enumerate() {
        let x = view.snap(view.x_of(*at_ns));
        // The line of the next mark does not cross the name of this one.
        let free = lane.marks.get(i + 1).map_or(view.size.0, |next| view.x_of(next.0).min(view.size.0));
        if !(0.0..view.size.0).contains(&x) {
            continue;
        }
        list.rect(Layer::Under, Paint::STATE_NATIVE, rect(x, top, 2.0 * hair, bottom - top));
        let mark = list.mark();
        list.letters().push_str(name);
        let width = metrics.sans_width(list.since(mark));
        if x + 5.0 + width <= free {
            list.keep(mark, TextKind::Label, Paint::TEXT_LENGTH, (x + 5.0, top + 12.0), width + 1.0);
        } else {
            list.drop_since(mark);
        }
    }
    list.rect(Layer::Under, Paint::TRACK_LINE, rect(0.0, bottom, view.size.0, hair));
}

fn column(paint: Paint, new: Rect, list: &mut PaintList) {
    let goes_on = |last: &&mut Rect| last.y == new.y && last.h == new.h && (last.x + last.w - new.x).abs() < 0.01;
    if let Some(last) = list.last_rect(Layer::Under, paint).filter(goes_on) {
        last.w += new.w;
        return;
    }
    list.rect(Layer::Under, paint, new);
}

/// Marks above the activity; on a tall track also a tint, ranks and lengths.
fn stalls(stalls: &[StallMark], view: &TrackView, metrics: &Metrics, list: &mut PaintList) {
    let longest = stalls.iter().filter(|s| !s.is_busy).map(length).max().unwrap_or(0);
    let least = f64::from(snapped(MARK_PX, view.ratio));
    let mut free = 0.0;
    for stall in stalls.iter().filter(|s| in_view(view, s)) {
        let (left, right) = bounds(view, (stall.from_ns, stall.to_ns));
        let left = left.min(view.snap(view.size.0) - least).max(0.0);
        let wide = view.snap((right - left - 1.0).max(least));
        let mark = Rect { radius: 1.5, ..rect(left, view.mark_top(), wide, MARK_HEIGHT_PX) };
        mark_stall(severity(stall, longest), mark, list);
        if view.is_tall() {
            let (top, bottom) = view.band();
            if !stall.is_busy {
                list.rect(Layer::Under, Paint::STALL_TINT, rect(left, top, right - left, bottom - top));
            }
            free = name(stall, (left, right), view, metrics, free, list);
        }
    }
}

fn length(stall: &StallMark) -> i64 {
    stall.to_ns.saturating_sub(stall.from_ns).max(0)
}

fn in_view(view: &TrackView, stall: &StallMark) -> bool {
    stall.to_ns as f64 > view.span.from && (stall.from_ns as f64) < view.span.to
}

/// Red by length next to the longest one.
fn severity(stall: &StallMark, longest: i64) -> Paint {
    if stall.is_busy {
        return Paint::LOOP_BUSY;
    }
    match length(stall) as f64 / longest.max(1) as f64 {
        part if part > 0.75 => Paint::STALL_4,
        part if part > 0.5 => Paint::STALL_3,
        part if part > 0.25 => Paint::STALL_2,
        _ => Paint::STALL_1,
    }
}

/// Marks that touch become one, so that their see-through paint is not laid on twice.
fn mark_stall(paint: Paint, new: Rect, list: &mut PaintList) {
    if let Some(last) = list.last_rect(Layer::Under, paint).filter(|last| last.x + last.w > new.x) {
        last.w = last.w.max(new.x + new.w - last.x);
        return;
    }
    list.rect(Layer::Under, paint, new);
}

/// Rank and length above a mark where nothing stands yet; gives where the next name may begin.
fn name(
    stall: &StallMark,
    (left, right): (f64, f64),
    view: &TrackView,
    metrics: &Metrics,
    free: f64,
    list: &mut PaintList,
) -> f64 {
    let y = AXIS_PX + 4.0;
    if stall.rank == 0 || left < free {
        return free;
    }
    let mark = list.mark();
    list.letters().push_str(&units::grouped(i64::from(stall.rank)));
    let width = metrics.sans_width(list.since(mark)) * 1.1;
    if left + width > view.size.0 {
        list.drop_since(mark);
        return free;
    }
    let paint = if stall.is_busy { Paint::TEXT_BUSY } else { Paint::TEXT_RANK };
    list.keep(mark, TextKind::Rank, paint, (left, y), width);
    if right - left <= LENGTH_PX {
        return left + width + 4.0;
    }
    let mark = list.mark();
    push_nanos(length(stall), list);
    let (x, length_width) = (left + width + 4.0, metrics.sans_width(list.since(mark)));
    list.keep(mark, TextKind::Label, Paint::TEXT_LENGTH, (x, y), length_width + 1.0);
    x + length_width + 4.0
}

fn push_nanos(nanos: i64, list: &mut PaintList) {
    use std::fmt::Write as _;
    let written = write!(list.letters(), "{}", units::nanos(nanos));
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

/// An outline around the chosen stall and its mark.
fn frame(view: &TrackView, (from_ns, to_ns): (i64, i64), list: &mut PaintList) {
    let left = view.x_of(from_ns).clamp(1.0, view.size.0 - 4.0);
    let right = view.x_of(to_ns).clamp(left + 2.0, view.size.0 - 1.0);
    let (top, bottom) = (view.mark_top() - 2.0, view.band().1);
    let (left, right) = (view.snap(left - 1.0), view.snap(right + 1.0));
    outline(list, rect(left, top, right - left, view.snap(bottom) - top), 1.5, Paint::INK);
}

fn bounds(view: &TrackView, (from_ns, to_ns): (i64, i64)) -> (f64, f64) {
    let at = |ns| view.snap(view.x_of(ns).clamp(0.0, view.size.0));
    (at(from_ns), at(to_ns.max(from_ns)))
}

/// Veils what lies outside: colours inside keep their meaning.
fn veil(view: &TrackView, range: (i64, i64), list: &mut PaintList) {
    let (left, right) = bounds(view, range);
    let h = view.size.1 - AXIS_PX;
    for (x, w) in [(0.0, left), (right, view.size.0 - right)] {
        if w > 0.0 {
            list.rect(Layer::Over, Paint::VEIL, rect(x, AXIS_PX, w, h));
        }
    }
}

/// Edges, the line that joins them, and handles to drag them by.
fn edges(view: &TrackView, range: (i64, i64), has_handles: bool, list: &mut PaintList) {
    let (left, right) = bounds(view, range);
    let thick = f64::from(snapped(1.5, view.ratio));
    let (top, bottom) = view.band();
    let y = view.snap(AXIS_PX - 2.0);
    // Edges stand outside the range as long as the canvas has room there.
    let (a, b) = ((left - thick).max(0.0), right.min(view.size.0 - thick));
    for x in [a, b] {
        list.rect(Layer::Top, Paint::RANGE, rect(x, y, thick, bottom - y));
        if has_handles {
            let x = (x + thick / 2.0 - 3.5).clamp(0.0, (view.size.0 - 7.0).max(0.0));
            let handle = Rect { radius: 3.0, ..rect(x, (top + bottom) / 2.0 - 9.0, 7.0, 18.0) };
            list.rect(Layer::Top, Paint::RANGE, handle);
        }
    }
    list.rect(Layer::Top, Paint::RANGE, rect(a, y, b + thick - a, thick));
}

/// Half of the widest label and its margin.
const PILL_HALF_PX: f64 = 34.0;

fn pill_x(view: &TrackView, range: (i64, i64)) -> f64 {
    let (left, right) = bounds(view, range);
    let most = (view.size.0 - PILL_HALF_PX).max(PILL_HALF_PX);
    ((left + right) / 2.0).clamp(PILL_HALF_PX, most)
}

/// The length of the range on a label above its middle.
fn pill(view: &TrackView, range: (i64, i64), metrics: &Metrics, list: &mut PaintList) {
    let mark = list.mark();
    push_nanos(range.1.saturating_sub(range.0).max(0), list);
    let width = metrics.sans_width(list.since(mark)) * 1.1 + 14.0;
    let x = pill_x(view, range);
    let label = rect(view.snap(x - width / 2.0), AXIS_PX - 10.0, view.snap(width), 16.0);
    list.rect(Layer::Top, Paint::RANGE, Rect { radius: 8.0, ..label });
    list.keep(mark, TextKind::Range, Paint::TEXT_RANGE, (x, AXIS_PX - 1.5), width);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn view(from: f64, to: f64) -> TrackView {
        TrackView { size: (200.0, 96.0), ratio: 1.0, span: Span { from, to }, lanes: 0 }
    }

    fn empty() -> Track<'static> {
        Track { columns: &[], has_activity: true, lanes: &[], stalls: &[], selected: None, brush: None, chosen: None }
    }

    fn painted(track: &Track<'_>, view: &TrackView) -> String {
        let mut list = PaintList::new();
        timeline(track, view, &Metrics::fixed(6.6, 5.5), &mut list);
        list.snapshot().replace(units::THIN, " ")
    }

    fn lines(text: &str, with: &str) -> String {
        text.lines().filter(|line| line.contains(with)).collect::<Vec<_>>().join("\n")
    }

    fn times(from: f64, to: f64, width: f64) -> Vec<String> {
        let ticks = Ticks::new(Span { from, to }, width);
        let write = |at| {
            let mut out = String::new();
            ticks.write(at, &mut out);
            out.replace(units::THIN, " ")
        };
        ticks.clone().map(write).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(times(0.0, 3.2e9, 1000.0), ["0", "0.5 s", "1.0 s", "1.5 s", "2.0 s", "2.5 s", "3.0 s"]);
        assert_eq!(times(0.0, 8.0e9, 500.0), ["0", "2 s", "4 s", "6 s", "8 s"]);
        assert_eq!(times(1.2e9, 1.2004e9, 400.0), ["1.2000 s", "1.2001 s", "1.2002 s", "1.2003 s", "1.2004 s"]);
        assert_eq!(times(0.0, 900.0, 200.0), ["0", "500 ns"]);
        assert_eq!(times(4.0e12, 4.2e12, 300.0), ["4,000 s", "4,100 s", "4,200 s"]);
        assert!(times(0.0, 9.2e18, 500.0).len() < 8);
        assert_eq!(times(0.0, 1.0, 100.0), ["0", "1 ns"]);
    }

    #[test]
    fn steps_go_by_one_two_five() {
        assert_eq!([0.3, 1.0, 1.1, 2.5, 5.1, 49.0, 51.0, 1e6].map(nice_step), [1, 1, 2, 5, 10, 50, 100, 1_000_000]);
    }

    #[test]
    fn activity_is_stacked_and_idle_is_blank() {
        let own = [0.5, 0.0, 0.25, 0.0, 0.0, 0.0, 0.0];
        let columns = [own, own, [0.0; 7], [0.001, 0.0, 0.0, 0.0, 0.0, 0.002, 0.0]];
        let text = painted(&Track { columns: &columns, ..empty() }, &view(0.0, 2e9));
        // The band is 52 px high and ends at 88: 26 px of own code, 13 of the runtime.
        assert_eq!(lines(&text, "--state-active"), "Under --state-active 0,62 2×26");
        assert_eq!(lines(&text, "--state-runtime"), "Under --state-runtime 0,49 2×13");
        assert_eq!(lines(&text, "--state-gc"), "Under --state-gc 3,87 1×1", "a trace of activity is still seen");
    }

    #[test]
    fn marks_tell_length_and_kind() {
        let mark =
            |from, to, is_busy, rank| StallMark { from_ns: from * SECOND / 10, to_ns: to * SECOND / 10, is_busy, rank };
        let stalls = [mark(1, 2, false, 2), mark(4, 8, false, 1), mark(10, 14, true, 0), mark(90, 91, false, 3)];
        let track = Track { stalls: &stalls, ..empty() };
        assert_eq!(
            lines(&painted(&track, &view(0.0, 2e9)), "--sev"),
            "Under --sev-medium 0.7 100,22 39×6 r1.5\n\
             Under --sev-high 0.55 10,22 9×6 r1.5\n\
             Under --sev-high 40,22 39×6 r1.5"
        );
        let tall = TrackView { size: (400.0, 148.0), ..view(0.0, 2e9) };
        let text = painted(&track, &tall);
        assert_eq!(
            lines(&text, "Rank") + &lines(&text, "--text-2"),
            "Rank --sev-high 20,22 \"2\"\nRank --sev-high 80,22 \"1\"Label --text-2 90.05,22 \"400 ms\""
        );
        assert_eq!(tall.stall_at(&stalls, 21.0), Some(0));
        assert_eq!(tall.stall_at(&stalls, 60.0), None);
    }

    #[test]
    fn touching_marks_are_one() {
        let mark =
            |i: i64| StallMark { from_ns: i * 2_000_000, to_ns: i * 2_000_000 + 1_000_000, is_busy: false, rank: 0 };
        let stalls: Vec<_> = (0..1000).map(mark).collect();
        let text = painted(&Track { stalls: &stalls, ..empty() }, &view(0.0, 2e9));
        assert_eq!(lines(&text, "--sev"), "Under --sev-high 0,22 200×6 r1.5");
    }

    #[test]
    fn what_lies_outside_the_range_is_veiled() {
        let track = Track { selected: Some((SECOND / 2, SECOND)), ..empty() };
        let text = painted(&track, &view(0.0, 2e9));
        assert_eq!(
            lines(&text, "Over") + "\n" + &lines(&text, "Top") + "\n" + &lines(&text, "Range"),
            "Over --surface-1 0.68 0,18 50×78\n\
             Over --surface-1 0.68 100,18 100×78\n\
             Top --text-1 48,16 2×72\n\
             Top --text-1 45.5,53 7×18 r3\n\
             Top --text-1 100,16 2×72\n\
             Top --text-1 97.5,53 7×18 r3\n\
             Top --text-1 48,16 54×2\n\
             Top --text-1 50,8 50×16 r8\n\
             Range --surface-1 75,16.5 \"500 ms\""
        );
        let brush = Track { brush: Some((0, 2 * SECOND)), ..track };
        let text = painted(&brush, &view(0.0, 2e9));
        assert!(!text.contains("Over"), "nothing lies outside the whole");
        assert!(!text.contains("r3"), "no handles while dragging");
        assert!(text.contains("\"2.00 s\""));
    }

    #[test]
    fn the_chosen_stall_is_outlined() {
        let text = painted(&Track { chosen: Some((SECOND / 2, SECOND)), ..empty() }, &view(0.0, 2e9));
        assert_eq!(
            lines(&text, "Top"),
            "Top --flame-selected 49,20 52×2\n\
             Top --flame-selected 49,86 52×2\n\
             Top --flame-selected 49,22 2×64\n\
             Top --flame-selected 99,22 2×64"
        );
    }

    #[test]
    fn lanes_lie_below_the_activity() {
        let nan = f32::NAN;
        let levels =
            DrawnLane { columns: vec![(0.5, 1.0), (0.5, 1.0), (nan, nan), (0.0, 0.0)], ..DrawnLane::default() };
        let marks = DrawnLane {
            marks: vec![(SECOND, "CLS".to_owned()), (SECOND + 1, "LCP".to_owned())],
            ..DrawnLane::default()
        };
        let view = TrackView { size: (200.0, 176.0), lanes: 2, ..view(0.0, 2e9) };
        let track = Track { lanes: &[levels, marks], ..empty() };
        let text = painted(&track, &view);
        assert_eq!(
            lines(&text, "--surface-0"),
            "Under --surface-0 0,36 200×52\nUnder --surface-0 0,96 200×34\nUnder --surface-0 0,136 200×34"
        );
        assert_eq!(
            lines(&text, "--state-native"),
            "Under --state-native 0.22 0,96 2×34\nUnder --state-native 0.22 3,129 1×1\n\
             Under --state-native 0,96 2×17\nUnder --state-native 3,129 1×1\n\
             Under --state-native 100,136 2×34\nUnder --state-native 100,136 2×34"
        );
        assert_eq!(lines(&text, "LCP"), "Label --text-2 105,148 \"LCP\"");
        assert!(!text.contains("CLS"), "there is no room for its name");
        assert_eq!(
            [95.0, 96.0, 135.9, 136.0, 175.9, 176.0].map(|y| view.lane_at(y)),
            [None, Some(0), Some(0), Some(1), Some(1), None]
        );
    }

    #[test]
    fn places_are_times() {
        let view = view(1e9, 3e9);
        assert_eq!(view.time_at(0.0), SECOND);
        assert_eq!(view.time_at(100.0), 2 * SECOND);
        assert_eq!(view.x_of(view.time_at(37.0)), 37.0);
        assert_eq!(view.columns(), 200);
    }

    #[test]
    fn no_size_and_no_time_is_no_picture() {
        for broken in [
            TrackView { size: (0.0, 96.0), ..view(0.0, 1e9) },
            TrackView { size: (f64::NAN, 96.0), ..view(0.0, 1e9) },
            TrackView { ratio: 0.0, ..view(0.0, 1e9) },
            view(1.0, 1.0),
            view(f64::NAN, 1.0),
        ] {
            assert_eq!(painted(&empty(), &broken), "");
            assert_eq!(broken.columns(), 0);
        }
    }
}
