//! An AudioMuxElement: what is in it, which the first says and later ones repeat now and then, and the packets, which
//! begin at any bit.

use crate::codecs::aac::{AacConfig, Bits};

/// What is in each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mux {
    /// The stream.
    pub config: AacConfig,
    /// Packets in an element: 1 to 64.
    pub packets: u64,
}

/// What is in an element, and its packets.
pub type Held = (Mux, Vec<Vec<u8>>);

/// Reads an element, by what it says itself or what was said before. `None` if neither says it, or it is cut short;
/// what is not supported in plain words.
pub fn read(element: &[u8], known: Option<Mux>) -> Option<Result<Held, String>> {
    let bits = &mut Bits::new(element);
    let mux = match bits.take(1)? {
        0 => match stream_mux(bits)? {
            Ok(mux) => mux,
            Err(message) => return Some(Err(message)),
        },
        _ => known?,
    };
    let mut packets = Vec::new();
    for _ in 0..mux.packets {
        let mut length = 0;
        loop {
            let more = bits.take(8)?;
            length += more;
            if more < 255 {
                break;
            }
        }
        let bytes = (0..length).map(|_| bits.take(8).map(|byte| byte as u8));
        packets.push(bytes.collect::<Option<Vec<u8>>>()?);
    }
    Some(Ok((mux, packets)))
}

/// A StreamMuxConfig.
fn stream_mux(bits: &mut Bits<'_>) -> Option<Result<Mux, String>> {
    let version = bits.take(1)?;
    if version == 1 && bits.take(1)? == 1 {
        return Some(Err("LATM of a version to come".into()));
    }
    if version == 1 {
        value(bits)?; // how full a buffer is
    }
    let in_step = bits.take(1)? == 1;
    let packets = u64::from(bits.take(6)?) + 1;
    let (programs, layers) = (bits.take(4)? + 1, bits.take(3)? + 1);
    if !in_step || programs > 1 || layers > 1 {
        return Some(Err(format!(
            "LATM of {programs} programs of {layers} layers (supported: one)"
        )));
    }
    let config = if version == 1 {
        let length = value(bits)? as usize;
        let end = bits.at().checked_add(length)?;
        let config = AacConfig::read(bits, Some(end));
        bits.skip_to(end);
        config
    } else {
        AacConfig::read(bits, None)
    };
    let config = match config? {
        Ok(config) => config,
        Err(message) => return Some(Err(message)),
    };
    if bits.take(3)? != 0 {
        return Some(Err("LATM with packets of a fixed length".into()));
    }
    bits.take(8)?; // how full a buffer is
    if bits.take(1)? == 1 {
        // Other data, behind the packets: its length in bits.
        if version == 1 {
            value(bits)?;
        } else {
            while bits.take(9)? >> 8 == 1 {}
        }
    }
    if bits.take(1)? == 1 {
        bits.take(8)?; // a checksum of all this
    }
    Some(Ok(Mux { config, packets }))
}

/// A number behind the number of its bytes.
fn value(bits: &mut Bits<'_>) -> Option<u32> {
    let bytes = bits.take(2)? as usize + 1;
    bits.take(8 * bytes)
}
