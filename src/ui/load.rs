//! What is known of something that is asked for.

use std::sync::Arc;

use crate::protocol::Failure;

/// An answer on its way: one value says whether there is one and whether it is the newest.
#[derive(Debug)]
pub enum Load<T: ?Sized> {
    /// Nothing is asked.
    Empty,
    /// The answer is on its way; until then the one to the former question stays on screen.
    Waiting(Option<Arc<T>>),
    /// The answer to the question as it stands.
    Ready(Arc<T>),
    /// The question could not be answered.
    Failed(Failure),
}

/// Answers are the same when they are one: a newer one is taken as another, whatever it says.
impl<T: ?Sized> PartialEq for Load<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Empty, Self::Empty) | (Self::Waiting(None), Self::Waiting(None)) => true,
            (Self::Waiting(Some(one)), Self::Waiting(Some(other))) | (Self::Ready(one), Self::Ready(other)) => {
                Arc::ptr_eq(one, other)
            }
            (Self::Failed(one), Self::Failed(other)) => one == other,
            _ => false,
        }
    }
}

impl<T: ?Sized> Clone for Load<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::Waiting(former) => Self::Waiting(former.clone()),
            Self::Ready(value) => Self::Ready(value.clone()),
            Self::Failed(failure) => Self::Failed(failure.clone()),
        }
    }
}

impl<T> Load<T> {
    /// The newest answer there is, be it to the former question.
    pub fn value(&self) -> Option<Arc<T>> {
        match self {
            Self::Ready(value) => Some(value.clone()),
            Self::Waiting(former) => former.clone(),
            Self::Empty | Self::Failed(_) => None,
        }
    }

    /// Whether an answer is on its way.
    pub fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting(_))
    }
}
