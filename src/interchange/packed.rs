//! Inputs that are packed with gzip, told by their first bytes.
//!
//! Invariant: never more is unpacked than is read of a plain input.

use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use super::LARGEST;

/// Whether bytes are packed.
pub fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// The bytes of an input as they were before they were packed; those of a plain one as they are.
///
/// # Errors
/// In words: they are damaged, or too many.
pub fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if !is_packed(&bytes) {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes.as_slice())
        .take(LARGEST as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(|error| format!("it is packed (gzip), and damaged: {error}"))?;
    if plain.len() > LARGEST {
        return Err(format!("it is packed (gzip), and larger than {} MiB unpacked", LARGEST >> 20));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn packed_bytes_are_unpacked_and_plain_ones_kept() {
        assert_eq!(unpacked(packed(b"abc")).unwrap(), b"abc");
        let two = [packed(b"abc"), packed(b"def")].concat();
        assert_eq!(unpacked(two).unwrap(), b"abcdef");
        assert_eq!(unpacked(b"{}".to_vec()).unwrap(), b"{}");
    }

    #[test]
    fn what_grows_too_large_or_is_cut_is_refused() {
        let small = packed(&vec![b' '; LARGEST + 1]);
        assert!(small.len() < 1 << 20);
        assert!(unpacked(small).unwrap_err().contains("16 MiB"));
        let whole = packed(b"some text");
        assert!(unpacked(whole[..whole.len() - 3].to_vec()).unwrap_err().contains("damaged"));
    }
}
