//! Reading and writing by whichever of two streams there is.

/// Has an enum of two streams read and write as the one does that it holds.
macro_rules! reads_and_writes {
    ($either:ident: $one:ident or $other:ident) => {
        impl tokio::io::AsyncRead for $either {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffer: &mut tokio::io::ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                match &mut *self {
                    Self::$one(stream) => Pin::new(stream).poll_read(cx, buffer),
                    Self::$other(stream) => Pin::new(stream).poll_read(cx, buffer),
                }
            }
        }

        impl tokio::io::AsyncWrite for $either {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bytes: &[u8],
            ) -> Poll<io::Result<usize>> {
                match &mut *self {
                    Self::$one(stream) => Pin::new(stream).poll_write(cx, bytes),
                    Self::$other(stream) => Pin::new(stream).poll_write(cx, bytes),
                }
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                pieces: &[io::IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                match &mut *self {
                    Self::$one(stream) => Pin::new(stream).poll_write_vectored(cx, pieces),
                    Self::$other(stream) => Pin::new(stream).poll_write_vectored(cx, pieces),
                }
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                match &mut *self {
                    Self::$one(stream) => Pin::new(stream).poll_flush(cx),
                    Self::$other(stream) => Pin::new(stream).poll_flush(cx),
                }
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                match &mut *self {
                    Self::$one(stream) => Pin::new(stream).poll_shutdown(cx),
                    Self::$other(stream) => Pin::new(stream).poll_shutdown(cx),
                }
            }
        }
    };
}

pub(super) use reads_and_writes;
