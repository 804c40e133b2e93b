//! Pictures: tables and a viewport become a list of what to paint, and a point becomes what lies
//! under it, both from one geometry.
//!
//! Everything here is pure and knows neither the browser nor what crosses between page and worker.
//! Only what is in view is looked at, so a frame costs what is painted and not what was recorded.

mod flame;
#[cfg(test)]
mod laws;
mod list;
mod metrics;
mod raster;
mod rows;
#[cfg(test)]
mod testing;
pub mod theme;
mod time_rows;
mod timeline;

pub use flame::{GAP_PX, Hit, Look, Marks, ROW_PX, SmallBoxes, Span, Viewport, flame, hit, line_behind, rect_of};
pub use list::{Align, Face, Layer, Line, PaintList, Rect, Text, TextKind};
pub use metrics::Metrics;
use metrics::letter_number;
pub use raster::{Letters, Mask, PHASES, Pixel, Raster, is_plain};
pub use rows::{ALL, BoxColumns, BoxRows, Direction, FlameBox, Rows, box_at, find, find_node, find_path, neighbour};
pub use theme::{Hue, Paint, Palette};
pub use time_rows::TimeRows;
pub use timeline::{ACTIVITIES, ACTIVITY_PAINTS, DrawnLane, StallMark, Track, TrackView, timeline};
