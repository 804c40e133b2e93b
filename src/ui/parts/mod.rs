//! Building blocks that know nothing of profiles.

pub mod canvas;
pub mod copy;
pub mod dialog;
pub mod figure;
pub mod gesture;
pub mod icon;
pub mod keycaps;
pub mod menu;
pub mod numbered;
pub mod picker;
pub mod rows;
pub mod switches;
pub mod tip;

pub use copy::CopyButton;
pub use dialog::Modal;
pub use figure::{figure, figure_of, swatch};
pub use icon::icon;
pub use keycaps::keycaps;
pub use numbered::numbered;
pub use picker::{Choice, Picker};
pub use switches::{Segment, Toggle, segments};
