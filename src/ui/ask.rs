//! Questions that follow the view: asked again whenever they change.

use std::sync::Arc;

use leptos::prelude::*;

use super::load::Load;
use super::session::Session;
use crate::protocol::{Answer, Failure, Query};
use crate::ui::signals::{effect, memo};

/// A question to a recording.
#[derive(Debug, Clone, PartialEq)]
struct Question {
    session: Session,
    query: Query,
}

/// An answer with the question that it belongs to.
#[derive(Debug, Clone, PartialEq)]
struct Answered<T> {
    question: Question,
    answer: Result<Arc<T>, Failure>,
}

/// Asks whatever `question` gives, again whenever it changes, and gives what is known of it. `None`
/// asks nothing. `lane` is a name of the asker's own: two askers with one name would take each
/// other's turns. `pick` takes the wanted variant out of the answer.
///
/// An answer counts as ready only if it belongs to the question as it stands, so no stale one ever
/// does; until then the former answer of the same recording stays on screen. Recordings that are
/// not open are not asked.
pub fn use_answer<T: PartialEq + Send + Sync + 'static>(
    lane: &'static str,
    question: impl Fn() -> Option<(Session, Query)> + Send + Sync + 'static,
    pick: fn(Answer) -> Option<T>,
) -> Memo<Load<T>> {
    let question = memo(move || {
        let (session, query) = question().filter(|(session, _)| session.is_open())?;
        Some(Question { session, query })
    });
    let last: RwSignal<Option<Answered<T>>> = RwSignal::new(None);
    effect(move || {
        let Some(question) = question.get() else { return };
        let (session, query) = (question.session, question.query.clone());
        session.ask(lane, query, move |answer| {
            let answer = match answer {
                Ok(answer) => Ok(Arc::new(match pick(answer) {
                    Some(picked) => picked,
                    None => return,
                })),
                Err(failure) => Err(failure),
            };
            // The asker may be gone by now.
            let _ = last.try_set(Some(Answered { question, answer }));
        });
    });
    memo(move || question.with(|question| last.with(|last| known(question.as_ref(), last.as_ref()))))
}

fn known<T>(question: Option<&Question>, last: Option<&Answered<T>>) -> Load<T> {
    let Some(question) = question else { return Load::Empty };
    let Some(last) = last.filter(|last| last.question.session == question.session) else {
        return Load::Waiting(None);
    };
    match &last.answer {
        Ok(answer) if last.question == *question => Load::Ready(answer.clone()),
        Ok(answer) => Load::Waiting(Some(answer.clone())),
        Err(failure) if last.question == *question => Load::Failed(failure.clone()),
        Err(_) => Load::Waiting(None),
    }
}
