//! Which objects slots hold borrowed references to: kept in debug builds, to catch one that outlives its owner.
//!
//! One table for all threads: an object's address is one thing everywhere. It says what is wrong as soon as the last
//! counted reference is given back, while CPython's (`Py_STACKREF_DEBUG`) says it when the owner's slot is closed.

#![cfg_attr(debug_assertions, expect(unsafe_code, reason = "a table behind a lock"))]

#[cfg(debug_assertions)]
pub(crate) use table::{add, assert_none, forget_all, moved, remove};

#[cfg(not(debug_assertions))]
mod nothing {
    use core::ptr::NonNull;

    #[inline(always)]
    pub(crate) const fn add(_: NonNull<()>) {}
    #[inline(always)]
    pub(crate) const fn remove(_: NonNull<()>) {}
    #[inline(always)]
    pub(crate) const fn moved(_: NonNull<()>, _: NonNull<()>) {}
    #[inline(always)]
    pub(crate) const fn forget_all() {}
    #[inline(always)]
    pub(crate) const fn assert_none(_: NonNull<()>) {}
}

#[cfg(not(debug_assertions))]
pub(crate) use nothing::{add, assert_none, forget_all, moved, remove};

#[cfg(debug_assertions)]
mod table {
    use alloc::collections::BTreeMap;
    use core::cell::UnsafeCell;
    use core::hint::spin_loop;
    use core::ptr::NonNull;
    use core::sync::atomic::{AtomicBool, Ordering};

    /// How many borrowed references there are to an object, by its address.
    struct Table {
        locked: AtomicBool,
        counts: UnsafeCell<BTreeMap<usize, usize>>,
    }

    // SAFETY: the map is reached through `with` alone, which lets one thread in at a time.
    unsafe impl Sync for Table {}

    static TABLE: Table = Table { locked: AtomicBool::new(false), counts: UnsafeCell::new(BTreeMap::new()) };

    /// Nothing that is done with the map panics or runs code of anybody's else.
    fn with<R>(body: impl FnOnce(&mut BTreeMap<usize, usize>) -> R) -> R {
        while TABLE.locked.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            spin_loop();
        }
        // SAFETY: the lock is held, and `body` does not come here again.
        let result = body(unsafe { &mut *TABLE.counts.get() });
        TABLE.locked.store(false, Ordering::Release);
        result
    }

    pub(crate) fn add(object: NonNull<()>) {
        with(|counts| *counts.entry(object.addr().get()).or_insert(0) += 1);
    }

    pub(crate) fn remove(object: NonNull<()>) {
        let address = object.addr().get();
        with(|counts| {
            if let Some(count) = counts.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&address);
                }
            }
        });
    }

    /// A collector moved an object, and this is one of the references to it.
    pub(crate) fn moved(from: NonNull<()>, to: NonNull<()>) {
        remove(from);
        add(to);
    }

    /// The stack of a frame is lost, and with it how many borrowed references were on it.
    pub(crate) fn forget_all() {
        with(BTreeMap::clear);
    }

    /// The object's last counted reference goes.
    pub(crate) fn assert_none(object: NonNull<()>) {
        let count = with(|counts| counts.remove(&object.addr().get()));
        assert!(count.is_none(), "a borrowed reference outlives its owner: {} of them", count.unwrap_or(0));
    }
}
