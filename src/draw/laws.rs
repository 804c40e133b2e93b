//! What holds for every tree and every viewport, tried on many of both.

use super::flame::{Hit, Span, Viewport, flame, hit, rect_of};
use super::list::{Layer, PaintList, Rect};
use super::metrics::Metrics;
use super::rows::{ALL, BoxRows, FlameBox, Rows, box_at, probes};
use super::testing::{Plain, Random, Tree, random_tree};
use super::theme::Paint;
use super::time_rows::TimeRows;
use crate::model::Column;

fn random_view(random: &mut Random, whole: f64) -> Viewport {
    // From the whole down to a few units, so that rows are tiny, mixed and wide.
    let wide = (whole * 10f64.powf(-random.part() * 6.0)).max(1.0);
    let from = random.part() * (whole - wide);
    Viewport {
        size: (20.0 + random.below(400) as f64, 30.0 + random.below(300) as f64),
        ratio: [0.8, 1.0, 1.0, 1.25, 1.5, 2.0, 3.0][random.below(7) as usize],
        span: Span { from, to: from + wide },
        scroll: random.part() * 200.0,
        upwards: random.below(2) == 0,
        zoom_depth: 0,
    }
}

fn for_random_views(mut check: impl FnMut(&Tree, &BoxRows, &Viewport)) {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let nodes = 20 + random.below(2000) as u32;
        let tree = random_tree(seed, nodes);
        let rows = tree.by_weight();
        let whole = rows.end(0, 0) as f64;
        (0..12).for_each(|_| check(&tree, &rows, &random_view(&mut random, whole)));
    }
}

fn paint(tree: &Tree, rows: &BoxRows, view: &Viewport) -> PaintList {
    let mut list = PaintList::new();
    flame(rows, &Plain::of(tree), view, &Metrics::fixed(6.0, 5.0), &mut list);
    list
}

fn fills(list: &PaintList) -> Vec<Rect> {
    list.rects(Layer::Under).flat_map(|(_, rects)| rects.to_vec()).collect()
}

/// Depths in view and the boxes of each that reach into the view, by a plain scan.
fn in_view(rows: &BoxRows, view: &Viewport) -> Vec<(usize, Vec<FlameBox>)> {
    let is_in = |b: &FlameBox| (b.end as f64) > view.span.from && (b.start as f64) < view.span.to;
    let top = |depth: usize| {
        let from_root = depth as f64 * 20.0 - view.scroll;
        if view.upwards { view.size.1 - from_root - 20.0 } else { from_root }
    };
    let depths = (0..rows.depths()).filter(|&d| top(d) < view.size.1 && top(d) + 20.0 > 0.0);
    depths.map(|d| (d, (0..rows.len(d)).filter_map(|i| box_at(rows, d, i)).filter(is_in).collect())).collect()
}

#[test]
fn every_box_in_view_is_painted_or_counted() {
    for_random_views(|tree, rows, view| {
        let list = paint(tree, rows, view);
        let expected: usize = in_view(rows, view).iter().map(|(_, boxes)| boxes.len()).sum();
        assert_eq!(u64::from(list.boxes) + list.merged, expected as u64, "{view:?}");
    });
}

#[test]
fn fills_do_not_overlap_and_stay_on_the_canvas() {
    for_random_views(|tree, rows, view| {
        let mut rects = fills(&paint(tree, rows, view));
        rects.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x)));
        for pair in rects.windows(2).filter(|pair| pair[0].y == pair[1].y) {
            assert!(pair[0].x + pair[0].w <= pair[1].x + 1e-3, "{pair:?} {view:?}");
        }
        for r in &rects {
            assert!(r.w > 0.0 && r.h > 0.0 && r.x >= 0.0, "{r:?}");
            assert!(f64::from(r.x + r.w) <= view.size.0 + 0.5 / view.ratio + 1e-3, "{r:?} {view:?}");
        }
    });
}

#[test]
fn what_is_hit_is_what_is_painted() {
    let mut hits = 0;
    for_random_views(|tree, rows, view| {
        let rects = fills(&paint(tree, rows, view));
        let pixels = |css: f64| 0..(css * view.ratio) as usize;
        for row in pixels(view.size.1).step_by(7) {
            for column in pixels(view.size.0).step_by(3) {
                // The middle of a device pixel.
                let (x, y) = ((column as f64 + 0.5) / view.ratio, (row as f64 + 0.5) / view.ratio);
                let painted: Vec<_> = rects.iter().filter(|r| r.contains(x, y)).collect();
                let hit = hit(rows, view, x, y);
                assert!(painted.len() <= 1);
                match (painted.first(), hit) {
                    (Some(&&rect), Some(hit)) => assert_eq!(rect, hit.rect(), "{x},{y} {view:?}"),
                    (Some(rect), None) => panic!("{rect:?} is not hit at {x},{y} {view:?}"),
                    // A gap belongs to the box at its left or above.
                    (None, Some(hit)) => assert!(is_gap(hit.rect(), x, y, view), "{x},{y} {hit:?} {view:?}"),
                    (None, None) => {}
                }
                hits += usize::from(hit.is_some());
            }
        }
    });
    assert!(hits > 50_000, "only {hits} points hit anything");
}

fn is_gap(rect: Rect, x: f64, y: f64, view: &Viewport) -> bool {
    let gap = (view.ratio.round().max(1.0) / view.ratio) as f32;
    Rect { w: rect.w + gap, h: rect.h + gap, ..rect }.contains(x, y)
}

#[test]
fn every_pixel_of_a_box_is_covered() {
    for_random_views(|_, rows, view| {
        let scale = (view.size.0 * view.ratio).round() / (view.span.to - view.span.from);
        for (depth, boxes) in in_view(rows, view) {
            let y = (0..(view.size.1 * view.ratio) as usize).map(|p| (p as f64 + 0.5) / view.ratio);
            let Some(y) = y.into_iter().find(|&y| matches!(hit_depth(rows, view, y), Some(d) if d == depth)) else {
                continue;
            };
            for b in boxes.iter().take(200) {
                let edge = |data: i64| (data as f64 - view.span.from) * scale;
                let last = (view.size.0 * view.ratio).round();
                let (left, right) = (edge(b.start).max(0.0), edge(b.end).min(last));
                // Pixels whose middle lies inside, with a margin for rounding.
                let (first, end) = ((left - 0.5 + 1e-6).ceil(), (right - 0.5 - 1e-6).ceil());
                for pixel in [first, ((first + end) / 2.0).floor(), end - 1.0] {
                    if pixel >= first && pixel < end {
                        let x = (pixel + 0.5) / view.ratio;
                        assert!(hit(rows, view, x, y).is_some(), "{b:?} has no pixel at {x},{y} {view:?}");
                    }
                }
            }
        }
    });
}

/// The row at a height: the deepest row's boxes may not reach everywhere, but the layout does.
fn hit_depth(rows: &BoxRows, view: &Viewport, y: f64) -> Option<usize> {
    let scaled = (y * view.ratio).floor();
    (0..rows.depths()).find(|&d| {
        let from_root = d as f64 * 20.0 - view.scroll;
        let top = if view.upwards { view.size.1 - from_root - 20.0 } else { from_root };
        ((top * view.ratio).round()..((top + 20.0) * view.ratio).round()).contains(&scaled)
    })
}

#[test]
fn a_hit_names_the_box_at_that_place() {
    for_random_views(|_, rows, view| {
        let mut random = Random::new(view.size.0 as u64);
        for _ in 0..50 {
            let (x, y) = (random.part() * view.size.0, random.part() * view.size.1);
            let data = view.data_at(x);
            // Small boxes take up to two pixels from their neighbours, and edges are rounded.
            let slack = 3.5 / view.ratio.min(1.0) * (view.span.to - view.span.from) / view.size.0;
            let (start, end) = match hit(rows, view, x, y) {
                Some(Hit::Box(b, rect)) => {
                    assert_eq!(rect_of(rows, view, b.depth, b.index), Some(rect));
                    (b.start, b.end)
                }
                Some(Hit::Small(s, _)) => {
                    assert!(s.count > 1 && s.start < s.end);
                    assert_eq!(rows.start(s.depth, s.index), s.start);
                    assert_eq!(rows.end(s.depth, s.index + s.count - 1), s.end);
                    (s.start, s.end)
                }
                None => continue,
            };
            let inside = (start as f64 - slack..end as f64 + slack).contains(&data);
            assert!(inside, "{start}..{end} is not at {data} {view:?}");
        }
    });
}

#[test]
fn painted_widths_add_up_to_the_data() {
    for_random_views(|tree, rows, view| {
        let list = paint(tree, rows, view);
        let painted: f64 = fills(&list).iter().map(|r| f64::from(r.w)).sum();
        let scale = view.size.0 / (view.span.to - view.span.from);
        let clip = |data: i64| (data as f64).clamp(view.span.from, view.span.to);
        let boxes: Vec<FlameBox> = in_view(rows, view).into_iter().flat_map(|(_, boxes)| boxes).collect();
        let data: f64 = boxes.iter().map(|b| (clip(b.end) - clip(b.start)) * scale).sum();
        // Each fill gives a pixel to its gap and may be rounded, be a small one, or span gaps below a pixel.
        let pixel = 1f64.max(1.0 / view.ratio);
        let slack = fills(&list).len() as f64 * 3.0 * pixel;
        let joined = list.merged as f64 * pixel;
        assert!(painted >= data - slack, "{painted} of {data} {view:?}");
        assert!(painted <= data + slack + joined, "{painted} of {data} {view:?}");
    });
}

#[test]
fn zooming_to_a_box_fills_the_width_with_it() {
    for_random_views(|tree, rows, view| {
        let mut random = Random::new(rows.depths() as u64);
        let depth = random.below(rows.depths() as u64) as usize;
        let index = random.below(rows.len(depth) as u64) as usize;
        let b = box_at(rows, depth, index).expect("it is there");
        let zoomed = Viewport {
            span: Span::part(b.start, b.end, 0.0, 1.0),
            scroll: depth as f64 * 20.0,
            zoom_depth: depth,
            ..*view
        };
        let rect = rect_of(rows, &zoomed, depth, index).expect("it is painted on its own");
        let gap = 1f64.max(1.5 / view.ratio);
        assert!(rect.x == 0.0 && f64::from(rect.w) > view.size.0 - 2.0 * gap, "{rect:?} {zoomed:?}");
        let top = Viewport { scroll: 0.0, size: (view.size.0, 20.0 * (depth + 1) as f64), ..zoomed };
        assert_eq!(paint(tree, rows, &top).boxes as usize, depth + 1, "only it and its callers");
    });
}

#[test]
fn nothing_is_allocated_once_the_fullest_frame_was_painted() {
    let tree = random_tree(3, 5000);
    let rows = tree.by_weight();
    let whole = rows.end(0, 0) as f64;
    let mut list = PaintList::new();
    let metrics = Metrics::fixed(6.0, 5.0);
    let mut frame = |from: f64, to: f64| {
        let span = Span { from: from * whole, to: to * whole };
        let view = Viewport { size: (1200.0, 600.0), ratio: 2.0, span, scroll: 0.0, upwards: false, zoom_depth: 0 };
        flame(&rows, &Plain::of(&tree), &view, &metrics, &mut list);
        (list.heap_bytes(), list.boxes)
    };
    let steps = || (0..50).map(|i| (f64::from(i) * 0.01, f64::from(i) * 0.01 + 0.4));
    let fullest = steps().map(|(from, to)| frame(from, to)).max();
    let again = steps().map(|(from, to)| frame(from, to)).max();
    assert!(fullest.is_some_and(|(bytes, boxes)| bytes > 0 && boxes > 100));
    assert_eq!(fullest.map(|f| f.0), again.map(|f| f.0));
}

/// `depths` rows of `each` boxes below the one of all, every one of the same width.
fn even_rows(depths: u32, each: u32) -> BoxRows {
    let node = |depth: u32, i: u32| if depth == 0 { ALL } else { (depth - 1) * each + i };
    let parent = (0..depths).flat_map(|d| (0..each).map(move |i| node(d, i))).collect();
    let width: Column<i64> = Column::filled(1000, (depths * each) as usize);
    BoxRows::from_tree(&parent, &width, |a, b| a.cmp(&b))
}

#[test]
fn a_frame_costs_what_is_seen_and_not_what_there_is() {
    let tree = Tree { parent: Column::new(), total: Column::new(), names: Vec::new() };
    let look = Plain::of(&tree);
    let metrics = Metrics::fixed(6.0, 5.0);
    let mut list = PaintList::new();
    let mut cost = |rows: &BoxRows, part: f64| {
        let whole = rows.end(0, 0) as f64;
        let span = Span { from: whole * 0.3, to: whole * (0.3 + part) };
        let view = Viewport { size: (1400.0, 600.0), ratio: 1.0, span, scroll: 0.0, upwards: false, zoom_depth: 0 };
        probes::take();
        flame(rows, &look, &view, &metrics, &mut list);
        let painting = probes::take();
        hit(rows, &view, 700.0, 300.0);
        (painting, probes::take(), list.boxes, list.merged)
    };
    let (few, many) = (even_rows(25, 4_000), even_rows(25, 200_000));
    let boxes: usize = (0..many.depths()).map(|d| many.len(d)).sum();
    assert_eq!(boxes, 5_000_001);
    // A row of nothing but small boxes is skipped through: the cost does not even follow pixels.
    let (painting, hitting, painted, merged) = cost(&many, 0.5);
    assert_eq!((painted, merged), (1, 25 * 100_000));
    let rows_and_levels = 25 * 5;
    assert!(painting < rows_and_levels * 40, "{painting} looks for small boxes only");
    assert!(hitting < 5 * 40, "{hitting} looks for a hit");
    // Zoomed in until boxes are wide: the cost follows what is painted, at any size of the tree.
    let (dear, _, painted_many, _) = cost(&many, 0.0005);
    let (cheap, _, painted_few, _) = cost(&few, 0.025);
    assert!(painted_many >= 2_000 && painted_few >= 2_000, "{painted_many} and {painted_few} boxes");
    assert!(dear < u64::from(painted_many) * 12 + rows_and_levels * 40, "{dear} looks");
    assert!(dear * 10 < cheap * 12, "{dear} looks at 5,000,000 boxes, {cheap} at 100,000");
}

#[test]
fn small_boxes_between_wide_ones_cost_no_more_than_pixels() {
    // The worst mixture: in every three pixels one wide box and a heap of tiny ones.
    let each = 3_000u32;
    let wide = |i: u32| i.is_multiple_of(101);
    let widths: Vec<i64> = (0..each * 101).map(|i| if wide(i) { 1_000_000 } else { 10_000 }).collect();
    let total: i64 = widths.iter().sum();
    let parent: Column<u32> = (0..widths.len()).map(|_| ALL).collect();
    let count = widths.len();
    let rows = BoxRows::from_tree(&parent, &widths.into_iter().collect(), |a, b| a.cmp(&b));
    let tree = Tree { parent: Column::new(), total: Column::new(), names: Vec::new() };
    let span = Span { from: 0.0, to: total as f64 };
    let view = Viewport { size: (6000.0, 100.0), ratio: 1.0, span, scroll: 0.0, upwards: false, zoom_depth: 0 };
    probes::take();
    let mut list = PaintList::new();
    flame(&rows, &Plain::of(&tree), &view, &Metrics::fixed(6.0, 5.0), &mut list);
    let looks = probes::take();
    assert_eq!(list.merged + u64::from(list.boxes), count as u64 + 1);
    let log = f64::from(each * 101).log2();
    assert!((looks as f64) < 1.5 * 6000.0 * log, "{looks} looks");
}

#[test]
fn time_order_keeps_the_same_laws() {
    let tree = random_tree(11, 300);
    let mut random = Random::new(5);
    let nodes: Vec<u32> =
        (0..20_000).map(|_| if random.below(9) == 0 { ALL } else { random.below(300) as u32 }).collect();
    let mut at = 0;
    let mut at_ns = Column::new();
    for _ in &nodes {
        at_ns.push(at);
        at += random.below(3000) as i64;
    }
    for _ in 0..100 {
        let from = random.below(at as u64 / 2) as i64;
        let to = from + 1 + random.below(at as u64 / 2) as i64;
        let rows = TimeRows::build(nodes.iter().copied(), &tree.parent, &at_ns, at, usize::MAX);
        let view_rows = BoxRows::new(rows.into_columns(&at_ns, from, to));
        let view = random_view(&mut random, at as f64);
        let mut list = PaintList::new();
        flame(&view_rows, &Plain::of(&tree), &view, &Metrics::fixed(6.0, 5.0), &mut list);
        let visible = |d: usize| {
            let reach = |i: &usize| {
                let (start, end) = (view_rows.start(d, *i), view_rows.end(d, *i));
                start < end && end as f64 > view.span.from && (start as f64) < view.span.to
            };
            (0..view_rows.len(d)).filter(reach).count() as u64
        };
        let first = (view.scroll / 20.0) as usize;
        let end = (((view.scroll + view.size.1) / 20.0).ceil() as usize).min(view_rows.depths());
        let expected: u64 = (first.min(end)..end).map(visible).sum();
        assert_eq!(u64::from(list.boxes) + list.merged, expected, "{view:?}");
        assert!(list.rects(Layer::Under).all(|(paint, _)| paint != Paint::GC));
    }
}
