//! Two bounded queues in front of the store: people first, background work after.

use crate::StoreError;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

/// Which queue a transaction waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody is waiting for the answer.
    People,
    /// Imports, rebuilds, clean-ups: they wait while anybody else does not.
    Background,
}

pub(crate) struct Lanes<J> {
    state: Mutex<State<J>>,
    ready: Condvar,
    limit: usize,
}

struct State<J> {
    people: VecDeque<J>,
    background: VecDeque<J>,
    closed: bool,
}

impl<J> Lanes<J> {
    /// `limit` bounds each queue.
    pub fn new(limit: usize) -> Self {
        let state = State {
            people: VecDeque::new(),
            background: VecDeque::new(),
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            ready: Condvar::new(),
            limit,
        }
    }

    /// Queues a job, or says that the queue is full.
    pub fn push(&self, lane: Lane, job: J) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.closed {
            return Err(StoreError::Lost("the store is closed".into()));
        }
        let queue = match lane {
            Lane::People => &mut state.people,
            Lane::Background => &mut state.background,
        };
        if queue.len() >= self.limit {
            return Err(StoreError::Busy { retry_after_s: 1 });
        }
        queue.push_back(job);
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for the next job; `None` once closed and empty.
    pub fn pop(&self) -> Option<J> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.take() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self
                .ready
                .wait(state)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// The next job if one is waiting: how a group commit fills up. Background jobs never join a group of people's.
    pub fn try_pop_people(&self) -> Option<J> {
        self.lock().people.pop_front()
    }

    /// How many people's jobs are waiting.
    pub fn waiting(&self) -> usize {
        self.lock().people.len()
    }

    /// Lets the workers finish what is queued and stop.
    pub fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<J>> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<J> State<J> {
    fn take(&mut self) -> Option<J> {
        self.people
            .pop_front()
            .or_else(|| self.background.pop_front())
    }
}
