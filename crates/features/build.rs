//! Nothing to build. A build script makes the build dependencies count.
fn main() {}
