//! Blocks of compressed bytes whose length is known, as columns have them. Nothing takes more memory than that length.

use std::io::{self, Read};

/// How a block is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    None,
    Snappy,
    Gzip,
    Brotli,
    Lz4Block,
    /// As Parquet's first `LZ4`: Hadoop's blocks, a frame, or one block.
    Lz4Hadoop,
    Lz4Frame,
    Zstd,
}

/// What a block holds: exactly `size` bytes.
///
/// # Errors
/// A block that is damaged, or of another size.
pub(super) fn unpacked(codec: Codec, packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let bytes = match codec {
        Codec::None => packed.to_vec(),
        Codec::Snappy => {
            if snap::raw::decompress_len(packed).map_err(io::Error::other)? != size {
                return Err(other_size());
            }
            snap::raw::Decoder::new().decompress_vec(packed).map_err(io::Error::other)?
        }
        Codec::Gzip => limited(flate2::read::MultiGzDecoder::new(packed), size)?,
        Codec::Brotli => limited(brotli_decompressor::Decompressor::new(packed, 4096), size)?,
        Codec::Lz4Block => lz4_block(packed, size)?,
        Codec::Lz4Hadoop => hadoop(packed, size)
            .or_else(|_| limited(lz4_flex::frame::FrameDecoder::new(packed), size))
            .or_else(|_| lz4_block(packed, size))?,
        Codec::Lz4Frame => limited(lz4_flex::frame::FrameDecoder::new(packed), size)?,
        Codec::Zstd => limited(zstd::stream::read::Decoder::with_buffer(packed)?, size)?,
    };
    if bytes.len() == size { Ok(bytes) } else { Err(other_size()) }
}

fn limited(reader: impl Read, size: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more tells what is longer.
    reader.take(size as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn lz4_block(packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
    // No byte of a block stands for more than 255.
    if size / 256 > packed.len() {
        return Err(other_size());
    }
    lz4_flex::block::decompress(packed, size).map_err(io::Error::other)
}

/// Blocks behind two lengths of four bytes each: of what is in it, and of the block.
fn hadoop(mut packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some((lengths, rest)) = packed.split_first_chunk::<8>() {
        let length = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|i| lengths[at + i])) as usize;
        let Some((block, rest)) = rest.split_at_checked(length(4)) else { return Err(other_size()) };
        if length(0) > size - bytes.len() {
            return Err(other_size());
        }
        bytes.extend(lz4_block(block, length(0))?);
        packed = rest;
    }
    if packed.is_empty() && bytes.len() == size { Ok(bytes) } else { Err(other_size()) }
}

fn other_size() -> io::Error {
    io::Error::other("it is not as long as declared")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn blocks_are_as_long_as_declared_or_refused() {
        let text = b"again and again and again and again ".repeat(2000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&text).unwrap();
        let mut frame = lz4_flex::frame::FrameEncoder::new(Vec::new());
        frame.write_all(&text).unwrap();
        let (block, frame) = (lz4_flex::block::compress(&text), frame.finish().unwrap());
        let lengths = [text.len(), block.len()].map(|length| (length as u32).to_be_bytes()).concat();
        let hadoop = [lengths, block.clone()].concat();
        for (codec, packed) in [
            (Codec::None, text.clone()),
            (Codec::Snappy, snap::raw::Encoder::new().compress_vec(&text).unwrap()),
            (Codec::Gzip, gzip.finish().unwrap()),
            (Codec::Lz4Block, block.clone()),
            (Codec::Lz4Hadoop, block),
            (Codec::Lz4Hadoop, hadoop),
            (Codec::Lz4Hadoop, frame.clone()),
            (Codec::Lz4Frame, frame),
            (Codec::Zstd, zstd::encode_all(&text[..], 3).unwrap()),
        ] {
            assert_eq!(unpacked(codec, &packed, text.len()).unwrap(), text, "{codec:?}");
            for size in [0, 100, text.len() - 1, text.len() + 1, 1 << 40] {
                assert!(unpacked(codec, &packed, size).is_err(), "{codec:?} {size}");
            }
            assert!(unpacked(codec, &packed[..packed.len() / 2], text.len()).is_err(), "{codec:?}");
        }
    }
}
