//! Runs a loop compiled for the widest registers this machine has.
//!
//! Plain x86-64 promises registers of 16 bytes and hardly any way to move bytes about in one.
//! Nearly all machines have AVX2: 32 bytes, and shuffles. The same safe loop is compiled twice,
//! and which of the two runs is asked of the processor. Elsewhere there is one.

/// A loop with what it works on.
pub trait Work {
    /// Does the work. `#[inline(always)]` is to stand on it and on all it calls: what is not
    /// inlined is compiled for plain x86-64.
    fn run(self);
}

/// Does `work` with the widest registers there are. Where the processor has none that are
/// wider, the result is the same.
#[inline]
pub fn run(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as was just found.
        unsafe { run_avx2(work) };
        return;
    }
    work.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2(work: impl Work) {
    work.run();
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Double<'a>(&'a mut [u8]);

    impl Work for Double<'_> {
        #[inline(always)]
        fn run(self) {
            self.0.iter_mut().for_each(|value| *value = value.wrapping_mul(2));
        }
    }

    #[test]
    fn the_work_is_done_once() {
        let mut values: Vec<u8> = (0..200).collect();
        run(Double(&mut values));
        assert!(values.iter().zip(0_u8..).all(|(&value, at)| value == at.wrapping_mul(2)));
    }
}
