use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell, Semaphore, watch};

use super::error::CollectError;
use super::failure::ReadError;
use crate::calls::Read;
use crate::limits::PAGES;

/// Requests on their way at any time; well below AWS's own limits for one account.
const CONCURRENT: usize = 16;

/// How many reads run side by side, and whether the run has come to an end before its time.
#[derive(Debug)]
pub(super) struct Pace {
    permits: Semaphore,
    end: watch::Sender<Option<CollectError>>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { permits: Semaphore::new(CONCURRENT), end: watch::Sender::new(None) }
    }

    /// Waits for a turn; `None` once the run has ended.
    pub(super) async fn turn(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        let permit = self.permits.acquire().await.ok()?;
        if self.end.borrow().is_some() { None } else { Some(permit) }
    }

    /// Ends the run: no further read can change that nothing can be judged. The first reason counts.
    pub(super) fn end(&self, error: CollectError) {
        self.end.send_if_modified(|end| {
            let first = end.is_none();
            if first {
                *end = Some(error);
            }
            first
        });
    }

    /// Waits until [`Pace::end`] is called; forever if it never is.
    pub(super) async fn ended(&self) {
        let mut end = self.end.subscribe();
        if end.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Why the run has ended, if it has.
    pub(super) fn reason(&self) -> Option<CollectError> {
        self.end.borrow().clone()
    }
}

/// Facts that several targets share, each read once however many ask at the same time.
#[derive(Debug)]
pub(super) struct Once<K, V>(Mutex<BTreeMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }
}

impl<K: Ord, V: Clone> Once<K, V> {
    /// The fact under `key`: read now by the first who asks, awaited by the others.
    pub(super) async fn get<F: Future<Output = V>>(&self, key: K, read: impl FnOnce() -> F) -> V {
        let cell = Arc::clone(self.0.lock().await.entry(key).or_default());
        cell.get_or_init(|| Box::pin(read())).await.clone()
    }
}

/// One page of a list and where the next one starts.
pub(super) struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T> Page<T> {
    /// # Errors
    /// When the list itself is missing, or there is more of it and nothing says where.
    pub(super) fn new(read: &Read, items: Option<Vec<T>>, more: bool, next: Option<String>) -> Result<Self, ReadError> {
        let next = next.filter(|token| !token.is_empty());
        let items = items.ok_or_else(|| ReadError::unexpected(read, "the answer holds no list"))?;
        if more && next.is_none() {
            return Err(ReadError::unexpected(read, "the list is cut off, and the answer has no marker"));
        }
        Ok(Self { items, next })
    }
}

/// All pages of a list; a page may be empty and yet not the last.
///
/// # Errors
/// When a page cannot be read or leads back to an earlier one: part of a list is no list.
pub(super) async fn pages<T>(
    read: &Read,
    mut page: impl AsyncFnMut(Option<String>) -> Result<Page<T>, ReadError>,
) -> Result<Vec<T>, ReadError> {
    let mut all = Vec::new();
    let mut tokens = BTreeSet::new();
    let mut token = None;
    loop {
        let Page { items, next } = page(token).await?;
        all.extend(items);
        let Some(next) = next else { return Ok(all) };
        if !tokens.insert(next.clone()) {
            return Err(ReadError::unexpected(read, "the list does not end: a page leads back to an earlier one"));
        }
        if tokens.len() >= PAGES.most() {
            return Err(ReadError::unexpected(read, format!("the list has more than {PAGES}")));
        }
        token = Some(next);
    }
}
