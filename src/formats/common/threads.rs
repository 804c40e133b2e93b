//! The thread that a file's name tells.

use crate::model::Profile;

/// Gives a profile the thread that Node.js writes into file names:
/// `CPU.<date>.<time>.<process>.<thread>.<number>.cpuprofile`, where thread 0 is the main thread;
/// `kind` is the first of these words.
pub(in crate::formats) fn named(file: &str, kind: &str, profile: Profile) -> Profile {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let parts: Vec<&str> = base.split('.').collect();
    let ids = match parts[..] {
        [first, date, time, process, thread, ..] if first == kind && is_number(date, 8) && is_number(time, 6) => {
            process.parse::<u64>().ok().zip(thread.parse::<u64>().ok())
        }
        _ => None,
    };
    let (pid, tid) = (ids.map(|ids| ids.0), ids.map(|ids| ids.1));
    let name = tid.filter(|&tid| tid > 0).map_or_else(|| "main thread".to_owned(), |tid| format!("worker {tid}"));
    Profile { name, pid, tid, ..profile }
}

fn is_number(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_process_and_thread() {
        let thread = |file: &str| {
            let profile = named(file, "Heap", Profile::default());
            (profile.name, profile.pid, profile.tid)
        };
        let worker = thread("a/Heap.20261122.204341.25264.2.001.heapprofile");
        assert_eq!(worker, ("worker 2".to_owned(), Some(25264), Some(2)));
        assert_eq!(thread("Heap.20261122.204341.7.0.001.heapprofile"), ("main thread".to_owned(), Some(7), Some(0)));
        for file in ["CPU.20261122.204341.7.0.001.cpuprofile", "leak.heapprofile", "Heap.x.204341.7.0.001"] {
            assert_eq!(thread(file), ("main thread".to_owned(), None, None));
        }
    }
}
