//! Shapes that several formats share: none of them knows a format.

pub(super) mod proto;
