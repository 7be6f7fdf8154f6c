//! Two pieces of work that do not need each other.

/// Does both, at the same time where they are large enough that starting a thread is worth it, and gives what each came to.
pub(crate) fn pair<A: Send, B>(
    large: bool,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B,
) -> (A, B) {
    if !large {
        return (one(), other());
    }
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        // A thread that panicked does so again here.
        (one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), other)
    })
}
