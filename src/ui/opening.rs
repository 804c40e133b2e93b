//! Opening and closing recordings: which file becomes which entry of the view.
//!
//! A file that the address waits for takes its place there, by its name or, once the fingerprint is
//! known, by its content; the view that the address describes is then shown. Any other file becomes
//! a new entry. While the address waits for a file, it is not known which of the two a dropped one
//! is: it opens outside the view first.

use leptos::prelude::*;

use super::examples::{Example, ExampleFile, example_file};
use super::format;
use super::session::{Phase, Session};
use super::store::{Dialog, Store};
use super::views;
use crate::model::vocab::{Order, ViewId, is_companion};
use crate::protocol::{Failure, OpenOptions, Overview};
use crate::state::{Action, FileRef, ViewState};
use crate::web::files::{self, Named};
use crate::web::timing;

impl Store {
    /// Opens files, each as a recording, those of a folder as one. Source maps, and scripts that name or
    /// hold theirs, are no recordings: they are kept for all that are open and for all that come.
    pub fn open_files(self, files: Vec<Named>) {
        untrack(move || self.open_each(files));
    }

    fn open_each(self, files: Vec<Named>) {
        timing::mark("culprit:chosen", &[]);
        self.address_problem.set(None);
        let (maps, mut files): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| is_companion(&file.name));
        if !maps.is_empty() {
            // A folder of what was built has more in it that is no recording.
            files
                .retain(|file| !file.name.contains('/') || RECORDINGS.iter().any(|ending| file.name.ends_with(ending)));
            self.keep_maps(maps, files.is_empty());
        }
        let waits = !self.missing().is_empty();
        let (mut new, mut together) = (Vec::new(), Vec::new());
        for (name, files) in by_folder(files) {
            let place = self.missing().into_iter().find(|(_, entry)| entry.name == name);
            let entry = match &place {
                Some((_, entry)) => entry.clone(),
                None => FileRef::named(&name),
            };
            let session = self.new_session(entry);
            match place {
                Some((index, _)) => self.fill(index, session),
                None if waits => {}
                None => new.push(session.file.get_untracked()),
            }
            self.begin(session, files, OpenOptions::default());
            together.push(session);
        }
        self.together.set_value(together);
        self.dispatch(Action::Opening(new));
    }

    /// What a load test measured belongs to the one profile that it was dropped with: they become one
    /// recording, once both turn out to be what they are.
    fn join_load(self) {
        let all = self.together.get_value();
        let overviews: Vec<_> = all.iter().filter_map(|session| session.overview()).collect();
        if all.len() < 2 || overviews.len() < all.len() {
            return;
        }
        self.together.set_value(Vec::new());
        let is_load = |overview: &Overview| {
            let has_load = !overview.sheets.is_empty();
            has_load && overview.threads.is_empty() && overview.sheets.iter().all(|sheet| sheet.tab == views::SERIES)
        };
        let (loads, profiles): (Vec<_>, Vec<_>) = all.into_iter().zip(&overviews).partition(|(_, o)| is_load(o));
        if let [(profile, overview)] = profiles[..]
            && overview.has_time
            && !loads.is_empty()
        {
            let mut sources = profile.sources();
            for (load, _) in loads {
                sources.extend(load.sources());
                self.close_session(load);
            }
            let file = FileRef::named(&profile.file.with_untracked(|file| file.name.clone()));
            self.reopen_as(profile, file, sources, profile.options());
            self.toast("What the load test measured is shown with the profile, in the tab Series.", None);
        }
    }

    /// Begins to open the files of a recording, with the maps that are there.
    fn begin(self, session: Session, files: Vec<Named>, options: OpenOptions) {
        session.open(self.workers, files, self.maps.get_value(), options, self.theme_now());
    }

    /// Keeps source maps, and opens again what they may belong to.
    fn keep_maps(self, maps: Vec<Named>, is_all: bool) {
        self.maps.update_value(|kept| {
            kept.retain(|old| maps.iter().all(|new| new.name != old.name));
            kept.extend(maps);
        });
        let mut sessions = self.sessions.get_untracked();
        sessions.retain(|session| untrack(|| session.overview()).is_some_and(|overview| overview.has_scripts));
        if is_all && sessions.is_empty() {
            self.toast("The source maps are kept for the recordings that you open now.", None);
        }
        for session in sessions {
            self.reopen(session, session.options());
        }
    }

    /// Opens a text from the clipboard as a file.
    pub fn open_text(self, text: &str) {
        self.open_files(files::of_text("pasted.txt", text).into_iter().collect());
    }

    /// Opens an example; two files are compared.
    pub fn open_example(self, example: &'static Example) {
        untrack(move || self.open_example_files(example));
    }

    fn open_example_files(self, example: &'static Example) {
        self.address_problem.set(None);
        let sessions: Vec<_> = example.files.iter().map(|file| self.example_session(file)).collect();
        let named = |index: usize| sessions[index].file.get_untracked();
        let known = |file: &FileRef| self.index_of(file).is_some();
        let new = (0..sessions.len()).map(named).filter(|file| !known(file)).collect();
        self.dispatch(Action::Opening(new));
        let places: Vec<_> = (0..sessions.len()).filter_map(|i| self.index_of(&named(i))).collect();
        match places[..] {
            [one] => self.dispatch(Action::Activate(one)),
            [before, after] => self.dispatch(Action::Compare(Some((before, after)))),
            _ => {}
        }
    }

    /// Fetches an example that the address names.
    pub fn fetch_example(self, index: usize, file: &'static ExampleFile) {
        let session = untrack(move || self.example_session(file));
        self.fill(index, session);
    }

    /// Fetches the examples that the view names and the page does not have, but for large ones:
    /// those wait for the person's word.
    pub(super) fn fetch_missing_examples(self) {
        for (index, entry) in untrack(move || self.missing()) {
            let file = entry.example.as_deref().and_then(example_file);
            if let Some(file) = file.filter(|file| file.size.is_none()) {
                self.fetch_example(index, file);
            }
        }
    }

    /// The recordings that the view names and the page does not have, with their positions.
    pub fn missing(self) -> Vec<(usize, FileRef)> {
        let files = self.state.with(|state| state.files.clone());
        let files = files.into_iter().enumerate();
        files.filter(|(_, file)| self.session_of(file).is_none()).collect()
    }

    /// Recordings that are being opened and of which it is not known yet where they belong.
    pub fn unplaced(self) -> Vec<Session> {
        let files = self.state.with(|state| state.files.clone());
        let is_listed = |session: &Session| session.file.with(|file| files.iter().any(|other| other.is_same(file)));
        let is_opening = |session: &Session| session.phase.with(|phase| matches!(phase, Phase::Opening(_)));
        let sessions = self.sessions.get().into_iter();
        sessions.filter(|session| !is_listed(session) && is_opening(session)).collect()
    }

    /// Closes the recording at a position, or stops opening it.
    pub fn close(self, index: usize) {
        let file = self.state.with_untracked(|state| state.files.get(index).cloned());
        if let Some(session) = file.and_then(|file| untrack(move || self.session_of(&file))) {
            self.forget(session);
        }
        self.dispatch(Action::Closed(index));
    }

    /// Closes a recording, wherever it stands.
    pub fn close_session(self, session: Session) {
        match self.index_of(&session.file.get_untracked()) {
            Some(index) => self.close(index),
            None => self.forget(session),
        }
    }

    /// Opens a recording again, after its worker was lost or with other choices.
    pub fn reopen(self, session: Session, options: OpenOptions) {
        let file = session.file.get_untracked();
        self.reopen_as(session, file, session.sources(), options);
    }

    fn reopen_as(self, session: Session, file: FileRef, sources: Vec<Named>, options: OpenOptions) {
        let place = self.index_of(&session.file.get_untracked());
        let file = FileRef { number: 0, ..file };
        self.forget(session);
        let again = self.new_session(file);
        if let Some(index) = place {
            self.fill(index, again);
        }
        self.begin(again, sources, options);
    }

    fn forget(self, session: Session) {
        self.set_sessions.update(|sessions| sessions.retain(|other| *other != session));
        session.close();
    }

    /// Position of a recording in the view.
    pub fn index_of(self, file: &FileRef) -> Option<usize> {
        self.state.with_untracked(|state| state.files.iter().position(|other| other.is_same(file)))
    }

    fn new_session(self, file: FileRef) -> Session {
        let number = self.next_number();
        let file = FileRef { number, ..file };
        let session = self.for_good(|| Session::new(number, file, move |s| self.changed(s)));
        self.set_sessions.update(|sessions| sessions.push(session));
        session
    }

    fn fill(self, index: usize, session: Session) {
        self.dispatch(Action::Opened(index, session.file.get_untracked()));
        self.leave_empty_view(index, session);
    }

    /// A recording without call stacks is shown by what it has, and one without samples in the order of
    /// time, unless a view was chosen.
    fn leave_empty_view(self, index: usize, session: Session) {
        let state = self.state.get_untracked();
        let Some(overview) = session.overview().filter(|_| state.active == index && state.view == ViewId::Flame) else {
            return;
        };
        let view = views::first_of(&overview);
        let is_untouched = state.zoom.is_empty() && state.order == Order::default();
        let order = if is_untouched { overview.order } else { state.order };
        self.dispatch(Action::Restore(Box::new(ViewState { view, order, ..state })));
    }

    /// The session of an example: the one that the page has, or a new one that fetches it.
    fn example_session(self, file: &'static ExampleFile) -> Session {
        let named = FileRef { example: Some(file.id.to_owned()), ..FileRef::named(file.name) };
        if let Some(session) = self.session_of(&named) {
            return session;
        }
        let session = self.new_session(named);
        session.is_fetched();
        leptos::task::spawn_local(async move {
            match files::fetch(&file.url()).await {
                Ok(blob) => {
                    let source = Named { name: file.name.to_owned(), blob };
                    self.begin(session, vec![source], OpenOptions::default());
                }
                Err(problem) => session.fail(Failure {
                    file: file.name.to_owned(),
                    message: problem,
                    offset: None,
                    head: Vec::new(),
                }),
            }
        });
        session
    }

    /// Opening has ended, well or not, or an open recording is lost.
    fn changed(self, session: Session) {
        untrack(move || self.take_in(session));
        untrack(move || self.join_load());
        // The next file is met at once; not before, so that it does not slow this one down.
        self.workers.keep_spare();
    }

    fn take_in(self, session: Session) {
        match session.phase.get_untracked() {
            Phase::Open(overview) => self.opened(session, &overview),
            Phase::Failed(failure) => self.tell_if_hidden(session, &failure.message),
            Phase::Died(message) => self.tell_if_hidden(session, &message),
            Phase::Opening(_) | Phase::Closed => {}
        }
    }

    fn opened(self, session: Session, overview: &Overview) {
        let file = session.file.get_untracked();
        if self.is_open_already(session, &file) {
            self.forget_duplicate(session, &file);
            return;
        }
        match self.index_of(&file) {
            Some(index) => {
                self.tell_if_other_content(index, &file);
                self.fill(index, session);
            }
            None => match self.missing().into_iter().find(|(_, entry)| entry.print == file.print) {
                Some((index, _)) => self.fill(index, session),
                None => self.dispatch(Action::Opening(vec![file.clone()])),
            },
        }
        if let Some(sentence) = notes_sentence(overview) {
            let is_only = self.sessions.with_untracked(Vec::len) == 1;
            let name = if is_only { String::new() } else { format!("{}: ", file.name) };
            self.toast(format!("{name}{sentence}"), Some(Dialog::Notes));
        }
        self.announcement.set(format!("{} is open: {}.", overview.name, overview.title));
    }

    fn is_open_already(self, session: Session, file: &FileRef) -> bool {
        let is_twin = |other: &Session| {
            *other != session
                && file.example.is_none()
                && other.file.with_untracked(|other| !other.print.is_empty() && other.print == file.print)
        };
        self.sessions.with_untracked(|sessions| sessions.iter().any(is_twin))
    }

    fn forget_duplicate(self, session: Session, file: &FileRef) {
        let place = self.index_of(file);
        self.forget(session);
        if let Some(index) = place {
            self.dispatch(Action::Closed(index));
        }
        let content = FileRef { number: 0, ..file.clone() };
        if let Some(index) = self.index_of(&content) {
            self.dispatch(Action::Activate(index));
        }
        self.toast(format!("{} is open already.", file.name), None);
    }

    fn tell_if_other_content(self, index: usize, file: &FileRef) {
        let expected = self.state.with_untracked(|state| state.files[index].print.clone());
        if !expected.is_empty() && expected != file.print {
            self.toast(
                format!(
                    "This {} is not the one in the address (sha-256 {expected}…); the view is \
                     shown as far as it fits.",
                    file.name
                ),
                None,
            );
        }
    }

    /// What goes wrong in front of the person has a card; the rest must not pass unnoticed. What
    /// was never part of the view has no place to stay.
    fn tell_if_hidden(self, session: Session, message: &str) {
        let file = session.file.get_untracked();
        if self.active.get_untracked() != Some(session) {
            self.toast(format!("{}: {message}", file.name), None);
        }
        if self.index_of(&file).is_none() {
            self.forget(session);
        }
    }
}

/// Endings of files that are recordings whatever lies beside them.
const RECORDINGS: [&str; 4] = [".cpuprofile", ".heapprofile", ".heapsnapshot", ".heaptimeline"];

/// The files of each recording: a folder's together under its name, any other by itself.
fn by_folder(files: Vec<Named>) -> Vec<(String, Vec<Named>)> {
    let mut groups: Vec<(String, Vec<Named>)> = Vec::new();
    for file in files {
        let folder = file.name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        match groups.iter_mut().find(|(name, _)| Some(name) == folder.as_ref()) {
            Some((_, files)) => files.push(file),
            None => groups.push((folder.unwrap_or_else(|| file.name.clone()), vec![file])),
        }
    }
    groups
}

/// The first note, and how many more there are; remarks can be read where the notes stand.
fn notes_sentence(overview: &Overview) -> Option<String> {
    let mut notes = overview.notes.iter().filter(|note| !note.is_remark());
    let first = notes.next()?;
    Some(match notes.count() {
        0 => first.text.clone(),
        more => format!("{} And {}.", first.text, format::plural(more as u64, "more note", "more notes")),
    })
}
