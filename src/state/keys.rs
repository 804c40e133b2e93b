//! Every command that a person can give, with its keys: the one table that the keyboard, the help
//! sheet and the command palette read.
//!
//! Single letters and signs never act while a person types, and can be switched off as a whole
//! (WCAG 2.1.4); chords with Ctrl or Alt, arrows and the like always work.

use crate::model::vocab::ViewId;

/// Something that a person can ask for by key, by name or by button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Command {
    /// Select the sibling on the left.
    MoveLeft,
    /// Select the sibling on the right.
    MoveRight,
    /// Select what lies above, as drawn.
    MoveUp,
    /// Select what lies below, as drawn.
    MoveDown,
    /// Zoom to the selected frame.
    ZoomToSelection,
    /// Zoom out one step.
    ZoomOutStep,
    /// Zoom in at the pointer.
    ZoomIn,
    /// Zoom out at the pointer.
    ZoomOut,
    /// Pan left.
    PanLeft,
    /// Pan right.
    PanRight,
    /// Pan up.
    PanUp,
    /// Pan down.
    PanDown,
    /// Show everything.
    Fit,
    /// Show a view.
    View(ViewId),
    /// Choose a thread.
    Threads,
    /// Show the next thread.
    NextThread,
    /// Show the previous thread.
    PreviousThread,
    /// Choose a value.
    Values,
    /// Choose among the open recordings.
    Recordings,
    /// Write into the search field.
    Search,
    /// Go to the next match.
    NextMatch,
    /// Go to the previous match.
    PreviousMatch,
    /// Highlight the selected function everywhere.
    HighlightFunction,
    /// Choose the previous stall.
    PreviousStall,
    /// Choose the next stall.
    NextStall,
    /// Open the heaviest path in the table.
    HeaviestPath,
    /// Keep only samples with the selected function.
    Focus,
    /// Keep only samples below the selected frame.
    FocusSubtree,
    /// Give the selected function's time to its callers.
    Hide,
    /// Drop the samples that hold the selected function.
    Drop,
    /// Hide the selected function's module.
    HideModule,
    /// Make one frame of the selected function's recursion.
    CollapseRecursion,
    /// Keep only the samples that the search matches.
    KeepMatches,
    /// Drop the samples that the search matches.
    DropMatches,
    /// Merge runtime and dependencies into one's own code.
    OwnCode,
    /// Undo the last filter.
    Undo,
    /// Redo the filter.
    Redo,
    /// Remove all filters.
    ClearFilters,
    /// Callers instead of callees.
    Invert,
    /// Heaviest left.
    OrderByWeight,
    /// In the order of names.
    OrderByName,
    /// In the order of time.
    OrderByTime,
    /// Root at the bottom, or at the top.
    Upwards,
    /// Hue by module.
    ColourByModule,
    /// Hue by own share.
    ColourByHeat,
    /// Garbage collection under the stack before it.
    NestGc,
    /// Open files.
    Open,
    /// Open what is on the clipboard.
    Paste,
    /// Close the recording.
    Close,
    /// Compare two recordings.
    Compare,
    /// Swap before and after.
    Swap,
    /// Copy what is selected.
    Copy,
    /// Copy the address of this view.
    Share,
    /// Facts and notes of the recording.
    Notes,
    /// Find a command by name.
    Palette,
    /// All keys.
    Help,
    /// Close what is open, then clear the search, then the selection.
    Escape,
    /// Light, dark, or as the system has it.
    Theme,
    /// Single letters on or off.
    Letters,
}

/// Columns of the help sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Moving in a picture.
    Move,
    /// What is shown.
    Show,
    /// Finding.
    Find,
    /// Filtering.
    Filter,
    /// Recordings and the page.
    File,
}

impl Group {
    /// All groups in their order.
    pub const ALL: [Self; 5] = [Self::Move, Self::Show, Self::Find, Self::Filter, Self::File];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Show => "Show",
            Self::Find => "Find",
            Self::Filter => "Filter",
            Self::File => "File",
        }
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct KeyRow {
    /// What happens.
    pub command: Command,
    /// The keys, each on its own, such as `Ctrl+K`. Of the shifted letters only the capital is
    /// written: `N`. Empty for what only the palette offers.
    pub keys: &'static [&'static str],
    /// What happens, for people; begins with a verb or names what is shown.
    pub text: &'static str,
    /// Its column.
    pub group: Group,
}

const fn row(command: Command, keys: &'static [&'static str], text: &'static str, group: Group) -> KeyRow {
    KeyRow { command, keys, text, group }
}

/// All commands, in the order of the help sheet.
pub static KEYS: &[KeyRow] = &[
    row(Command::MoveLeft, &["ArrowLeft"], "select the sibling on the left", Group::Move),
    row(Command::MoveRight, &["ArrowRight"], "select the sibling on the right", Group::Move),
    row(Command::MoveUp, &["ArrowUp"], "select what lies above", Group::Move),
    row(Command::MoveDown, &["ArrowDown"], "select what lies below", Group::Move),
    row(Command::ZoomToSelection, &["Enter"], "zoom to the selection", Group::Move),
    row(Command::ZoomOutStep, &["Backspace"], "zoom out one step", Group::Move),
    row(Command::ZoomIn, &["w", "+"], "zoom in at the pointer", Group::Move),
    row(Command::ZoomOut, &["s", "-"], "zoom out at the pointer", Group::Move),
    row(Command::PanLeft, &["a", "Shift+ArrowLeft"], "pan left", Group::Move),
    row(Command::PanRight, &["d", "Shift+ArrowRight"], "pan right", Group::Move),
    row(Command::PanUp, &["Shift+ArrowUp"], "pan up", Group::Move),
    row(Command::PanDown, &["Shift+ArrowDown"], "pan down", Group::Move),
    row(Command::Fit, &["0"], "fit everything", Group::Move),
    row(Command::View(ViewId::Flame), &["1"], "flame graph", Group::Show),
    row(Command::View(ViewId::Table), &["3"], "table", Group::Show),
    row(Command::View(ViewId::Stalls), &["4"], "stalls", Group::Show),
    row(Command::View(ViewId::Memory), &["5"], "memory", Group::Show),
    row(Command::View(ViewId::Compare), &["6"], "comparison", Group::Show),
    row(Command::View(ViewId::Series), &["7"], "numbers over time", Group::Show),
    row(Command::View(ViewId::Trace), &["8"], "trace", Group::Show),
    row(Command::Threads, &["t"], "choose a thread", Group::Show),
    row(Command::NextThread, &["Alt+n"], "next thread", Group::Show),
    row(Command::PreviousThread, &["Alt+p"], "previous thread", Group::Show),
    row(Command::Values, &[], "choose a value", Group::Show),
    row(Command::Invert, &["i"], "callers instead of callees", Group::Show),
    row(Command::OrderByWeight, &[], "heaviest left", Group::Show),
    row(Command::OrderByName, &[], "in the order of names", Group::Show),
    row(Command::OrderByTime, &[], "in the order of time", Group::Show),
    row(Command::Upwards, &[], "root at the bottom or at the top", Group::Show),
    row(Command::ColourByModule, &[], "colour by module", Group::Show),
    row(Command::ColourByHeat, &[], "colour by own share", Group::Show),
    row(Command::NestGc, &[], "nest garbage collection under its caller", Group::Show),
    row(Command::Search, &["/", "Ctrl+f"], "search", Group::Find),
    row(Command::NextMatch, &["n"], "next match", Group::Find),
    row(Command::PreviousMatch, &["N"], "previous match", Group::Find),
    row(Command::HighlightFunction, &["#"], "highlight this function everywhere", Group::Find),
    row(Command::PreviousStall, &["[", ","], "previous stall", Group::Find),
    row(Command::NextStall, &["]", "."], "next stall", Group::Find),
    row(Command::HeaviestPath, &["*"], "open the heaviest path in the table", Group::Find),
    row(Command::Focus, &["f"], "focus on the function", Group::Filter),
    row(Command::FocusSubtree, &["F"], "focus on this subtree", Group::Filter),
    row(Command::Hide, &["h", "m"], "merge the function into its callers", Group::Filter),
    row(Command::Drop, &["H"], "drop samples that hold it", Group::Filter),
    row(Command::HideModule, &["Alt+h"], "merge its module into its callers", Group::Filter),
    row(Command::CollapseRecursion, &["c"], "collapse its recursion", Group::Filter),
    row(Command::KeepMatches, &[], "keep only what the search matches", Group::Filter),
    row(Command::DropMatches, &[], "drop what the search matches", Group::Filter),
    row(Command::OwnCode, &[], "my code only", Group::Filter),
    row(Command::Undo, &["z", "Ctrl+z"], "undo the filter", Group::Filter),
    row(Command::Redo, &["Z", "Ctrl+Z"], "redo the filter", Group::Filter),
    row(Command::ClearFilters, &[], "remove all filters", Group::Filter),
    row(Command::Open, &["Ctrl+o"], "open files", Group::File),
    row(Command::Paste, &["Ctrl+v"], "open what was copied", Group::File),
    row(Command::Recordings, &[], "choose a recording", Group::File),
    row(Command::Close, &[], "close the recording", Group::File),
    row(Command::Compare, &[], "compare two recordings", Group::File),
    row(Command::Swap, &["x"], "swap before and after", Group::File),
    row(Command::Copy, &["Ctrl+c"], "copy the selection", Group::File),
    row(Command::Share, &[], "copy the address of this view", Group::File),
    row(Command::Notes, &[], "facts and notes of the recording", Group::File),
    row(Command::Palette, &["Ctrl+k", ">"], "every command by name", Group::File),
    row(Command::Help, &["?"], "this sheet", Group::File),
    row(Command::Escape, &["Escape"], "close, clear the search, deselect", Group::File),
    row(Command::Theme, &[], "light, dark, or as the system", Group::File),
    row(Command::Letters, &[], "single letters on or off", Group::File),
];

/// The first key of a command, for buttons; empty where it has none.
pub fn key_of(command: Command) -> &'static str {
    let row = KEYS.iter().find(|row| row.command == command);
    row.and_then(|row| row.keys.first()).copied().unwrap_or_default()
}

/// A key as the help sheet shows it, cap by cap: `Ctrl`, `K`. A capital alone is its letter with
/// Shift, as in `n` and `N`.
pub fn caps(key: &str) -> Vec<String> {
    // The plus sign is a key of its own.
    let (modifiers, last) = match key.rfind('+') {
        Some(at) if at > 0 => (&key[..at], &key[at + 1..]),
        _ => ("", key),
    };
    let mut caps: Vec<String> = modifiers.split('+').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    if is_capital(last) && !modifiers.is_empty() {
        caps.push("Shift".to_owned());
    }
    caps.push(cap(last, !modifiers.is_empty()));
    caps
}

fn cap(key: &str, is_chord: bool) -> String {
    match key {
        "ArrowLeft" => "←".to_owned(),
        "ArrowRight" => "→".to_owned(),
        "ArrowUp" => "↑".to_owned(),
        "ArrowDown" => "↓".to_owned(),
        "Escape" => "Esc".to_owned(),
        "Backspace" => "⌫".to_owned(),
        "-" => "\u{2212}".to_owned(),
        _ if is_chord || is_capital(key) => key.to_ascii_uppercase(),
        _ => key.to_owned(),
    }
}

fn is_capital(key: &str) -> bool {
    key.len() == 1 && key.chars().all(char::is_uppercase)
}

/// A key that went down, as the browser tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPress {
    /// What the key gives: `k`, `K`, `ArrowLeft`.
    pub key: String,
    /// Which key it is on the keyboard, whatever it gives: `KeyK`.
    pub code: String,
    /// Ctrl, or Command on a Mac.
    pub ctrl: bool,
    /// Alt, or Option.
    pub alt: bool,
    /// Shift.
    pub shift: bool,
}

/// Where a key went down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On the page.
    Page,
    /// In a field that takes text.
    Field,
    /// On something that acts on Enter, space and arrows itself: a button, a tab, a table.
    Control,
}

/// The command of a key, if it has one there. `letters` says whether single letters and signs act.
pub fn lookup(press: &KeyPress, place: Place, letters: bool) -> Option<Command> {
    let row = KEYS.iter().find(|row| row.keys.iter().any(|key| matches(key, press)))?;
    let is_single = !press.ctrl && !press.alt && press.key.chars().count() == 1;
    let is_wanted = match place {
        Place::Page => letters || !is_single,
        Place::Control => {
            let is_own = !press.ctrl && !press.alt && is_of_controls(&press.key);
            !is_own && (letters || !is_single)
        }
        Place::Field => is_for_fields(row.command, press),
    };
    is_wanted.then_some(row.command)
}

/// What a text field leaves to the page: it has its own undo, copy and paste.
fn is_for_fields(command: Command, press: &KeyPress) -> bool {
    let is_chord = press.ctrl || press.alt;
    let is_text = matches!(command, Command::Undo | Command::Redo | Command::Copy | Command::Paste);
    command == Command::Escape || (is_chord && !is_text)
}

fn is_of_controls(key: &str) -> bool {
    key == "Enter" || key == " " || key.starts_with("Arrow")
}

fn matches(key: &str, press: &KeyPress) -> bool {
    let (modifiers, last) = match key.rfind('+') {
        Some(at) if at > 0 => (&key[..at], &key[at + 1..]),
        _ => ("", key),
    };
    let has = |word: &str| modifiers.split('+').any(|modifier| modifier == word);
    let is_named = last.chars().count() > 1;
    // Signs and capitals need Shift on some keyboards and not on others; named keys differ by it.
    let shift_fits = !is_named || has("Shift") == press.shift;
    has("Ctrl") == press.ctrl && has("Alt") == press.alt && shift_fits && gives(last, press, has("Alt"), has("Ctrl"))
}

fn gives(key: &str, press: &KeyPress, with_alt: bool, with_ctrl: bool) -> bool {
    let is_letter = key.len() == 1 && key.chars().all(|c| c.is_ascii_alphabetic());
    if is_letter && with_ctrl {
        // Caps lock turns the case over, and a Mac gives small letters: the Shift key decides.
        return press.key.eq_ignore_ascii_case(key) && press.shift == is_capital(key);
    }
    // Option on a Mac turns letters into signs: there the place on the keyboard decides.
    let by_place = is_letter && with_alt && press.code == format!("Key{}", key.to_ascii_uppercase());
    press.key == key || by_place
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn press(key: &str) -> KeyPress {
        KeyPress { key: key.to_owned(), ..KeyPress::default() }
    }

    fn ctrl(key: &str) -> KeyPress {
        KeyPress { ctrl: true, ..press(key) }
    }

    fn on_page(press: &KeyPress) -> Option<Command> {
        lookup(press, Place::Page, true)
    }

    #[test]
    fn every_key_finds_its_own_row_and_no_other() {
        let mut keys = BTreeSet::new();
        for row in KEYS {
            for key in row.keys {
                assert!(keys.insert(*key), "{key} stands twice");
                let caps = caps(key);
                let last =
                    key.rsplit_once('+').map_or(*key, |(before, last)| if before.is_empty() { key } else { last });
                let last = if last.is_empty() { "+" } else { last };
                let press = KeyPress {
                    key: last.to_owned(),
                    code: format!("Key{}", last.to_uppercase()),
                    ctrl: caps.contains(&"Ctrl".to_owned()),
                    alt: caps.contains(&"Alt".to_owned()),
                    shift: caps.contains(&"Shift".to_owned()),
                };
                assert_eq!(on_page(&press), Some(row.command), "{key}");
            }
        }
    }

    #[test]
    fn every_command_stands_once() {
        let commands: BTreeSet<_> = KEYS.iter().map(|row| row.command).collect();
        assert_eq!(commands.len(), KEYS.len());
        assert!(KEYS.iter().all(|row| !row.text.is_empty()));
    }

    #[test]
    fn letters_never_act_while_typing() {
        for key in ["f", "F", "h", "?", "/", "0", "+", "#", "z", "[", "Enter", "ArrowLeft", "Backspace"] {
            assert_eq!(lookup(&press(key), Place::Field, true), None, "{key}");
        }
        assert_eq!(lookup(&press("Escape"), Place::Field, true), Some(Command::Escape));
        assert_eq!(lookup(&ctrl("k"), Place::Field, true), Some(Command::Palette));
        assert_eq!(lookup(&ctrl("z"), Place::Field, true), None, "a field undoes its own text");
        assert_eq!(lookup(&ctrl("v"), Place::Field, true), None);
    }

    #[test]
    fn letters_can_be_switched_off() {
        for key in ["f", "N", "?", "/", "1", "*"] {
            assert!(lookup(&press(key), Place::Page, true).is_some(), "{key}");
            assert_eq!(lookup(&press(key), Place::Page, false), None, "{key}");
        }
        assert_eq!(lookup(&ctrl("k"), Place::Page, false), Some(Command::Palette));
        assert_eq!(lookup(&press("Enter"), Place::Page, false), Some(Command::ZoomToSelection));
    }

    #[test]
    fn controls_keep_their_own_keys() {
        assert_eq!(lookup(&press("Enter"), Place::Control, true), None);
        assert_eq!(lookup(&press("ArrowDown"), Place::Control, true), None);
        assert_eq!(lookup(&press("f"), Place::Control, true), Some(Command::Focus));
    }

    #[test]
    fn shift_tells_keys_apart() {
        let shifted = |key: &str| KeyPress { shift: true, ..press(key) };
        assert_eq!(on_page(&press("n")), Some(Command::NextMatch));
        assert_eq!(on_page(&shifted("N")), Some(Command::PreviousMatch));
        assert_eq!(on_page(&press("ArrowLeft")), Some(Command::MoveLeft));
        assert_eq!(on_page(&shifted("ArrowLeft")), Some(Command::PanLeft));
        assert_eq!(on_page(&shifted("?")), Some(Command::Help));
        assert_eq!(on_page(&press("?")), Some(Command::Help), "other keyboards need no Shift");
    }

    #[test]
    fn chords_work_with_caps_lock_and_on_a_mac() {
        assert_eq!(on_page(&ctrl("Z")), Some(Command::Undo), "caps lock, no Shift");
        let redo = KeyPress { shift: true, ..ctrl("z") };
        assert_eq!(on_page(&redo), Some(Command::Redo), "caps lock and Shift");
        let option_h = KeyPress { alt: true, code: "KeyH".into(), ..press("˙") };
        assert_eq!(on_page(&option_h), Some(Command::HideModule));
        assert_eq!(on_page(&ctrl("f")), Some(Command::Search));
        assert_eq!(on_page(&ctrl("e")), None);
    }

    #[test]
    fn caps_are_shown_one_by_one() {
        assert_eq!(caps("Ctrl+k"), ["Ctrl", "K"]);
        assert_eq!(caps("Ctrl+Z"), ["Ctrl", "Shift", "Z"]);
        assert_eq!(caps("N"), ["N"], "a capital says it by itself");
        assert_eq!(caps("+"), ["+"]);
        assert_eq!(caps("Shift+ArrowLeft"), ["Shift", "←"]);
        assert_eq!(caps("f"), ["f"]);
        assert_eq!(key_of(Command::Focus), "f");
        assert_eq!(key_of(Command::Theme), "");
    }
}
