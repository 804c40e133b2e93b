//! Shapes that several formats share: none of them knows a format.

pub(super) mod ids;
pub(super) mod json;
pub(super) mod ndjson;
pub(super) mod order;
pub(super) mod proto;
pub(super) mod threads;
pub(super) mod v8_code;
pub(super) mod v8_profile;
pub(super) mod when;
