//! The pages of a column, each checked against what the file can hold before it takes memory.
//!
//! The crate's own reader decompresses gzip and brotli to whatever length they have, whatever the page's header says.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};

use super::delta;
use super::thrift::{self, Struct, Value};
use crate::corpus::unpack::{Codec, unpacked};

/// A page that takes more is no page that anyone writes: 1 MB is usual, a whole row group possible.
const LARGEST_PAGE: usize = 512 << 20;
/// Levels of a page: what they take besides.
const MOST_LEVELS: u32 = 1 << 24;
/// A header with statistics in it.
const LONGEST_HEADER: usize = 1 << 20;

/// The pages of a column of one row group.
pub(super) struct Pages {
    file: Arc<File>,
    /// The place of the next page.
    at: u64,
    end: u64,
    codec: Codec,
    /// The levels that the column has: repetition, definition.
    levels: [bool; 2],
}

impl Pages {
    /// The pages between two places of a file.
    ///
    /// # Errors
    /// A codec that is not known.
    pub fn new(
        file: Arc<File>,
        range: std::ops::Range<u64>,
        compression: Compression,
        levels: [bool; 2],
    ) -> Result<Self> {
        let codec = match compression {
            Compression::UNCOMPRESSED => Codec::None,
            Compression::SNAPPY => Codec::Snappy,
            Compression::GZIP(_) => Codec::Gzip,
            Compression::BROTLI(_) => Codec::Brotli,
            Compression::LZ4_RAW => Codec::Lz4Block,
            Compression::LZ4 => Codec::Lz4Hadoop,
            Compression::ZSTD(_) => Codec::Zstd,
            other => return Err(wrong(format!("compression with {other} is not supported"))),
        };
        Ok(Self { file, at: range.start, end: range.end, codec, levels })
    }

    fn read_at(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        file.take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The header at the next place, and its length.
    fn header(&self) -> Result<(Struct, usize)> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let mut length = 256;
        loop {
            let bytes = self.read_at(self.at, left.min(length))?;
            if let Some(header) = thrift::read(&bytes) {
                return Ok(header);
            }
            if bytes.len() < length || length >= LONGEST_HEADER {
                return Err(wrong("a page's header is damaged"));
            }
            length *= 16;
        }
    }

    /// The next page, `None` where it is one that columns of text have no use for.
    fn page(&mut self) -> Result<Option<Page>> {
        let (header, header_length) = self.header()?;
        let size = |number| {
            let size = thrift::int(&header, number).and_then(|size| usize::try_from(size).ok());
            size.filter(|&size| size <= LARGEST_PAGE)
                .ok_or_else(|| wrong("a page has no size, or one that no page has"))
        };
        let (unpacked_size, packed_size) = (size(2)?, size(3)?);
        let start = self.at + header_length as u64;
        if packed_size as u64 > self.end - self.at.min(self.end) || start + packed_size as u64 > self.end {
            return Err(wrong("a page goes on behind its column's end"));
        }
        self.at = start + packed_size as u64;
        let packed = self.read_at(start, packed_size)?;
        if packed.len() != packed_size {
            return Err(wrong("the file ends within a page"));
        }
        let kind = |number| match header.get(&number) {
            Some(Value::Struct(fields)) => Ok(fields),
            _ => Err(wrong("a page's header is without what its kind needs")),
        };
        match thrift::int(&header, 1) {
            Some(0) => {
                let fields = kind(5)?;
                let buf = self.unpack(&packed, 0, unpacked_size, true)?;
                let (num_values, encoding) = (count(fields, 1)?, encoding(fields, 2)?);
                let (buf, encoding) = self.plain(buf, encoding, num_values, None)?;
                Ok(Some(Page::DataPage {
                    buf,
                    num_values,
                    encoding,
                    def_level_encoding: level_encoding(fields, 3)?,
                    rep_level_encoding: level_encoding(fields, 4)?,
                    statistics: None,
                }))
            }
            Some(2) => {
                let fields = kind(7)?;
                let buf = self.unpack(&packed, 0, unpacked_size, true)?;
                let (num_values, encoding) = (count(fields, 1)?, encoding(fields, 2)?);
                Ok(Some(Page::DictionaryPage { buf, num_values, encoding, is_sorted: false }))
            }
            Some(3) => {
                let fields = kind(8)?;
                let (definition, repetition) = (count(fields, 5)?, count(fields, 6)?);
                let is_compressed = fields.get(&7) != Some(&Value::Bool(false));
                let levels = definition as usize + repetition as usize;
                let buf = self.unpack(&packed, levels, unpacked_size, is_compressed)?;
                let (num_values, encoding) = (count(fields, 1)?, encoding(fields, 4)?);
                let (buf, encoding) = self.plain(buf, encoding, num_values, Some(levels))?;
                Ok(Some(Page::DataPageV2 {
                    buf,
                    num_values,
                    encoding,
                    num_nulls: count(fields, 2)?,
                    num_rows: count(fields, 3)?,
                    def_levels_byte_len: definition,
                    rep_levels_byte_len: repetition,
                    is_compressed: false,
                    statistics: None,
                }))
            }
            _ => Ok(None),
        }
    }

    /// A page's content, of which the first bytes are never packed.
    fn unpack(&self, packed: &[u8], plain: usize, size: usize, is_packed: bool) -> Result<Bytes> {
        let codec = if is_packed { self.codec } else { Codec::None };
        let Some((head, packed)) = packed.split_at_checked(plain) else {
            return Err(wrong("a page's levels go on behind its end"));
        };
        let left = size.checked_sub(plain).ok_or_else(|| wrong("a page's levels go on behind its end"))?;
        // A page of nulls alone has nothing that could be packed.
        let codec = if left == 0 { Codec::None } else { codec };
        let tail = unpacked(codec, packed, left)
            .map_err(|error| wrong(format!("a page cannot be decompressed ({error})")))?;
        if left == 0 { Ok(Bytes::copy_from_slice(head)) } else { Ok(Bytes::from([head, &tail].concat())) }
    }

    /// The page and its encoding where its strings are behind lengths, else as they are. `levels` are the bytes in front,
    /// `None` where they tell it themselves.
    fn plain(
        &self,
        page: Bytes,
        encoding: Encoding,
        values: u32,
        levels: Option<usize>,
    ) -> Result<(Bytes, Encoding)> {
        let plain = match encoding {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => delta::plain_of_lengths,
            Encoding::DELTA_BYTE_ARRAY => delta::plain_of_prefixes,
            _ => return Ok((page, encoding)),
        };
        let (mut start, own) = (levels.unwrap_or(0), levels.is_none());
        for _ in self.levels.iter().filter(|&&has| own && has) {
            let length = page.get(start..).and_then(|rest| rest.first_chunk::<4>());
            let length = length.ok_or_else(|| wrong("a page's levels go on behind its end"))?;
            start += 4 + u32::from_le_bytes(*length) as usize;
        }
        let (levels, strings) =
            page.split_at_checked(start).ok_or_else(|| wrong("a page's levels go on behind its end"))?;
        let strings = plain(strings, values, LARGEST_PAGE);
        let strings = strings.ok_or_else(|| wrong("the lengths of a page's strings are damaged"))?;
        Ok((Bytes::from([levels, &strings].concat()), Encoding::PLAIN))
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        while self.at < self.end {
            if let Some(page) = self.page()? {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        let more = self.at < self.end;
        Ok(more.then_some(PageMetadata { num_rows: None, num_levels: None, is_dict: false }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.get_next_page().map(drop)
    }
}

fn count(fields: &Struct, number: i16) -> Result<u32> {
    let count = thrift::int(fields, number).and_then(|count| u32::try_from(count).ok());
    count
        .filter(|&count| count <= MOST_LEVELS)
        .ok_or_else(|| wrong("a page has more values than a page can have"))
}

fn encoding(fields: &Struct, number: i16) -> Result<Encoding> {
    match thrift::int(fields, number) {
        Some(0) => Ok(Encoding::PLAIN),
        Some(2) => Ok(Encoding::PLAIN_DICTIONARY),
        Some(3) => Ok(Encoding::RLE),
        Some(5) => Ok(Encoding::DELTA_BINARY_PACKED),
        Some(6) => Ok(Encoding::DELTA_LENGTH_BYTE_ARRAY),
        Some(7) => Ok(Encoding::DELTA_BYTE_ARRAY),
        Some(8) => Ok(Encoding::RLE_DICTIONARY),
        Some(9) => Ok(Encoding::BYTE_STREAM_SPLIT),
        _ => Err(wrong("a page is in an encoding that is not known")),
    }
}

fn level_encoding(fields: &Struct, number: i16) -> Result<Encoding> {
    match thrift::int(fields, number) {
        Some(3) => Ok(Encoding::RLE),
        // Without levels it does not matter, and some writers put anything there.
        #[expect(deprecated, reason = "old writers used it")]
        _ => Ok(Encoding::BIT_PACKED),
    }
}

fn wrong(cause: impl Into<String>) -> ParquetError {
    ParquetError::General(cause.into())
}
