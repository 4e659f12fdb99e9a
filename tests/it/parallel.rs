use std::sync::Mutex;
use std::thread;

/// As many runs of the program at a time as keep a small machine busy: most of a run is waiting.
const WORKERS: usize = 4;

/// What `test` finds wrong with each of `items`, in no particular order; several at a time.
pub(crate) fn problems<T: Send>(
    items: impl IntoIterator<Item = T>,
    test: impl Fn(T) -> Vec<String> + Sync,
) -> Vec<String> {
    let waiting = Mutex::new(items.into_iter().collect::<Vec<T>>());
    let found = Mutex::new(Vec::new());
    // A loop over `waiting.lock()…pop()` would hold the lock while the item is tested.
    let next = || waiting.lock().unwrap().pop();
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(item) = next() {
                    let problems = test(item);
                    found.lock().unwrap().extend(problems);
                }
            });
        }
    });
    found.into_inner().unwrap()
}
