//! Handles that only carry a state, to try what compiles: one method per event.

/// A handle for each machine, with a method for each event.
macro_rules! handles {
    ($($machine:ident { $($method:ident $event:ident)* })*) => {$(
        #[doc = concat!("Handles for the machine `", stringify!($machine), "`.")]
        pub mod $machine {
            use std::marker::PhantomData;

            use frame_runtime::machine::$machine::*;

            /// Something of version `V` in state `S`.
            #[derive(Debug)]
            pub struct Handle<V, S>(PhantomData<(V, S)>);

            impl<V, S> Handle<V, S> {
                /// In whatever state the type says.
                #[allow(clippy::new_without_default, reason = "a state is asked for, not a default")]
                pub fn new() -> Self {
                    Handle(PhantomData)
                }

                $(
                    #[doc = concat!("The event of `", stringify!($event), "`.")]
                    pub fn $method<N>(self) -> Handle<V, N>
                    where
                        S: $event<V, N>,
                    {
                        Handle(PhantomData)
                    }
                )*
            }
        }
    )*};
}

handles! {
    generator {
        next OnNext
        send OnSend
        throw OnThrow
        close OnClose
        frame_clear OnFrameClear
        finalize OnFinalize
        yield_ OnYield
        yield_from OnYieldFrom
        return_ OnReturn
        fail OnFail
        handle OnHandle
        raise OnRaise
        release OnRelease
    }
    owner {
        make_generator OnMakeGenerator
        take_over OnTakeOver
        adopt OnAdopt
        pop OnPop
        leave OnLeave
        free OnFree
    }
    trace {
        set_lineno OnSetLineno
    }
    asend {
        send OnSend
        throw OnThrow
        close OnClose
        awaited OnAwaited
        yielded OnYielded
        failed OnFailed
    }
    athrow {
        send OnSend
        throw OnThrow
        close OnClose
        awaited OnAwaited
        yielded OnYielded
        failed OnFailed
    }
}
