//! How the loops of this module are written: plain ones over slices, each of which runs with
//! the widest registers of the machine.

/// Defines functions whose body is compiled once more for wider registers. A body is one loop,
/// or two: that is what compilers vectorise.
macro_rules! wide {
    ($(
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $body:block
    )*) => {$(
        $(#[$attribute])*
        $visibility fn $name<'a>($($argument: $kind),*) {
            struct Work<'a> {
                $($argument: $kind),*
            }
            impl<'a> framelane_simd::Work for Work<'a> {
                #[inline(always)]
                fn run(self) {
                    // As arguments, slices to write are known to overlap no others.
                    #[inline(always)]
                    fn body<'a>($($argument: $kind),*) $body
                    body($(self.$argument),*);
                }
            }
            framelane_simd::run(Work::<'a> { $($argument),* });
        }
    )*};
}

pub(super) use wide;
