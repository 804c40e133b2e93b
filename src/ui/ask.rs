//! Questions that follow the view: asked again whenever they change.

use std::any::Any;
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

/// The wanted part of an answer. Whoever asks knows its type; what asks is compiled once for all.
type Part = Arc<dyn Any + Send + Sync>;

/// An answer with the question that it belongs to.
struct Answered {
    question: Question,
    answer: Result<Part, Failure>,
}

/// A question that follows the view, and what was answered last.
#[derive(Clone, Copy)]
struct Asked {
    question: Memo<Option<Question>>,
    last: RwSignal<Option<Answered>>,
}

/// Asks whatever `question` gives, again whenever it changes, and gives what is known of it. `None`
/// asks nothing. `lane` is a name of the asker's own: two askers with one name would take each
/// other's turns. `pick` takes the wanted variant out of the answer.
///
/// An answer counts as ready only if it belongs to the question as it stands, so no stale one ever
/// does; until then the former answer of the same recording stays on screen. Recordings that are
/// not open are not asked.
pub fn use_answer<T: Send + Sync + 'static>(
    lane: &'static str,
    question: impl Fn() -> Option<(Session, Query)> + Send + Sync + 'static,
    pick: fn(Answer) -> Option<T>,
) -> Memo<Load<T>> {
    let part = move |answer| pick(answer).map(|part| Arc::new(part) as Part);
    let asked = Asked::new(lane, Arc::new(question), Arc::new(part));
    memo(move || match asked.known() {
        Load::Empty => Load::Empty,
        Load::Waiting(former) => Load::Waiting(former.and_then(|part| part.downcast().ok())),
        Load::Ready(part) => Load::Ready(part.downcast().expect("an asker picks parts of one type")),
        Load::Failed(failure) => Load::Failed(failure),
    })
}

impl Asked {
    fn new(
        lane: &'static str,
        question: Arc<dyn Fn() -> Option<(Session, Query)> + Send + Sync>,
        part: Arc<dyn Fn(Answer) -> Option<Part> + Send + Sync>,
    ) -> Self {
        let question = memo(move || {
            let (session, query) = question().filter(|(session, _)| session.is_open())?;
            Some(Question { session, query })
        });
        let last: RwSignal<Option<Answered>> = RwSignal::new(None);
        effect(move || {
            let Some(question) = question.get() else { return };
            let (session, query, part) = (question.session, question.query.clone(), part.clone());
            session.ask(lane, query, move |answer| {
                let answer = match answer {
                    Ok(answer) => match part(answer) {
                        Some(part) => Ok(part),
                        None => return,
                    },
                    Err(failure) => Err(failure),
                };
                // The asker may be gone by now.
                let _ = last.try_set(Some(Answered { question, answer }));
            });
        });
        Self { question, last }
    }

    fn known(self) -> Load<dyn Any + Send + Sync> {
        self.question.with(|question| self.last.with(|last| known(question.as_ref(), last.as_ref())))
    }
}

fn known(question: Option<&Question>, last: Option<&Answered>) -> Load<dyn Any + Send + Sync> {
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
