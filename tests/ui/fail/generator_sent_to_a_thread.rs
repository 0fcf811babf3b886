//! A generator and the stack that it runs on are of one thread.

use frame_runtime::generator::Generator;
use frame_runtime::version::Cpython3_14;
use frame_runtime::vm::Blank;

fn send(generator: Generator<Blank<Cpython3_14>>) {
    std::thread::scope(|scope| {
        scope.spawn(move || drop(generator));
    });
}

fn main() {}
