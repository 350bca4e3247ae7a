//! Tells the linker what a Node addon needs, `-z nodelete` among it: a worker that loaded the
//! addon may end while locks and threads of the process live on.

fn main() {
    napi_build::setup();
}
