//! Arithmetic of the visible part of something wide: zooming at a point, panning, showing what lies
//! outside, and the way between two parts.
//!
//! A part is a pair of edges, each 0 to 1 of the whole, the left one first.

/// Narrowest part that zooming leads to; the view state forbids still narrower ones.
const NARROWEST: f64 = 1e-8;

/// Of what is shown on request, this much of the width stays free on either side.
const MARGIN: f64 = 0.05;

/// The part after zooming in by `factor` (out when below 1) so that what lies `at`, 0 to 1 of the
/// visible width, stays where it is. At the edges of the whole it gives way.
pub fn zoomed(span: (f64, f64), at: f64, factor: f64) -> (f64, f64) {
    let wide = span.1 - span.0;
    let new = (wide / factor).clamp(NARROWEST, 1.0);
    inside(span.0 + at * (wide - new), new)
}

/// The part after moving by `by` of the visible width: to the right when positive.
pub fn panned(span: (f64, f64), by: f64) -> (f64, f64) {
    let wide = span.1 - span.0;
    inside(span.0 + by * wide, wide)
}

/// The part of the whole that `inner`, a part of what is visible, is.
pub fn nested(span: (f64, f64), inner: (f64, f64)) -> (f64, f64) {
    let wide = span.1 - span.0;
    (span.0 + inner.0 * wide, span.0 + inner.1 * wide)
}

/// The part that shows `target`, moved as little as possible: unchanged when it is in view. What is
/// wider than the part is shown from its left edge.
pub fn showing(span: (f64, f64), target: (f64, f64)) -> (f64, f64) {
    let wide = span.1 - span.0;
    let is_beside = target.1 <= span.0 || target.0 >= span.1;
    let fits = target.1 - target.0 <= wide;
    let is_cut = fits && (target.0 < span.0 || target.1 > span.1);
    if !(is_beside || is_cut) {
        return span;
    }
    let margin = (wide - (target.1 - target.0)).clamp(0.0, wide * MARGIN);
    let left = if target.0 < span.0 || !fits { target.0 - margin } else { target.1 + margin - wide };
    inside(left, wide)
}

/// Between two parts: `at` is 0 at `a` and 1 at `b`. The width changes by equal factors, which looks
/// even, and the edges move as the width does.
pub fn between(a: (f64, f64), b: (f64, f64), at: f64) -> (f64, f64) {
    let (wide_a, wide_b) = (a.1 - a.0, b.1 - b.0);
    let wide = wide_a * power(wide_b / wide_a, at);
    let is_resized = (wide_b - wide_a).abs() > 1e-9 * wide_a;
    let moved = if is_resized { (wide - wide_a) / (wide_b - wide_a) } else { at };
    let left = a.0 + (b.0 - a.0) * moved;
    (left, left + wide)
}

/// `base` to the power of `part`, which is 0 to 1: a product of roots. The library's way brings 8 KB
/// of tables along, which the page would fetch for this alone.
fn power(base: f64, part: f64) -> f64 {
    if part >= 1.0 {
        return base;
    }
    let (mut product, mut root, mut left) = (1.0, base, part);
    for _ in 0..f64::MANTISSA_DIGITS {
        root = root.sqrt();
        left *= 2.0;
        if left >= 1.0 {
            left -= 1.0;
            product *= root;
        }
    }
    product
}

/// A part of this width that begins here, pushed back into the whole.
fn inside(left: f64, wide: f64) -> (f64, f64) {
    let left = left.clamp(0.0, (1.0 - wide).max(0.0));
    (left, (left + wide).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: (f64, f64), b: (f64, f64)) {
        assert!((a.0 - b.0).abs() < 1e-12 && (a.1 - b.1).abs() < 1e-12, "{a:?} is not {b:?}");
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        close(zoomed((0.0, 1.0), 0.25, 2.0), (0.125, 0.625));
        close(zoomed((0.125, 0.625), 0.25, 0.5), (0.0, 1.0));
        close(zoomed((0.4, 0.6), 1.0, 4.0), (0.55, 0.6));
    }

    #[test]
    fn zooming_ends_at_the_whole_and_at_the_narrowest() {
        close(zoomed((0.5, 0.9), 0.0, 0.1), (0.0, 1.0));
        close(zoomed((0.8, 1.0), 0.0, 0.5), (0.6, 1.0));
        let mut span = (0.0, 1.0);
        for _ in 0..200 {
            span = zoomed(span, 0.3, 2.0);
        }
        assert!(span.1 - span.0 >= NARROWEST * 0.999, "{span:?}");
    }

    #[test]
    fn panning_stops_at_the_edges() {
        close(panned((0.2, 0.4), 0.5), (0.3, 0.5));
        close(panned((0.2, 0.4), -3.0), (0.0, 0.2));
        close(panned((0.7, 0.9), 3.0), (0.8, 1.0));
        close(panned((0.0, 1.0), 0.3), (0.0, 1.0));
    }

    #[test]
    fn a_part_of_a_part() {
        close(nested((0.2, 0.4), (0.25, 0.5)), (0.25, 0.3));
    }

    #[test]
    fn what_is_in_view_stays() {
        let span = (0.2, 0.4);
        close(showing(span, (0.25, 0.3)), span);
        close(showing(span, (0.0, 1.0)), span);
        close(showing(span, (0.5, 0.55)), (0.36, 0.56));
        close(showing(span, (0.05, 0.1)), (0.04, 0.24));
        close(showing(span, (0.6, 0.9)), (0.6, 0.8));
        close(showing(span, (0.99, 1.0)), (0.8, 1.0));
    }

    #[test]
    fn powers_are_those_of_the_library() {
        for base in [1e-8, 0.01, 0.5, 1.0, 3.7, 1e8] {
            for part in (0..=100).map(|percent| f64::from(percent) / 100.0) {
                assert!((power(base, part) / base.powf(part) - 1.0).abs() < 1e-12, "{base} to the {part}");
            }
        }
    }

    #[test]
    fn the_way_between_begins_and_ends_where_it_should() {
        let (a, b) = ((0.0, 1.0), (0.3, 0.31));
        close(between(a, b, 0.0), a);
        close(between(a, b, 1.0), b);
        close(between(a, b, 0.5), (0.3 * (1.0 - 0.1) / 0.99, 0.3 * (1.0 - 0.1) / 0.99 + 0.1));
        close(between((0.1, 0.2), (0.4, 0.5), 0.5), (0.25, 0.35));
    }
}
