//! Benchmarks: one file per hot path, what it is measured against beside it in the same run.
//!
//! `cargo bench --package frame-benches`; read the ratios, machines are noisy.
