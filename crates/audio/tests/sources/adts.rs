//! AAC in ADTS.

use crate::rig::{
    Material, agrees, decode, make, probed, remux, seeks_exactly, survives_mutilation,
};

const ADTS: &[&str] = &["-c:a", "aac", "-aac_pns", "0", "-f", "adts"];

#[test]
fn counts_and_samples_are_ffmpegs() {
    for material in [Material::Prompt, Material::Stereo] {
        let (source, probed) = agrees(&make(material, "aac", ADTS), "aac", 80.0);
        assert_eq!(probed.facts.format, "adts");
        seeks_exactly(&source, &probed);
    }
}

#[test]
fn loas_is_the_same_sound_in_other_bits() {
    for material in [Material::Prompt, Material::Stereo] {
        let adts = make(material, "aac", ADTS);
        for (bytes, extension) in [
            (remux(&adts, "aac", "latm"), "latm"),
            (make(material, "loas", &["-c:a", "aac", "-aac_pns", "0", "-f", "latm"]), "bin"),
        ] {
            let (source, probed) = agrees(&bytes, extension, 80.0);
            assert_eq!((&*probed.facts.format, &*probed.facts.codec), ("loas", "aac"));
            seeks_exactly(&source, &probed);
        }
    }
    let whole = make(Material::Stereo, "loas", &["-c:a", "aac", "-f", "latm"]);
    survives_mutilation(whole[..20_000].to_vec(), "loas", 100);
}

#[test]
fn it_is_known_without_its_name() {
    let (_, probed) = probed(&make(Material::Prompt, "aac", ADTS), "bin");
    assert_eq!((probed.facts.format.as_str(), probed.facts.codec.as_str()), ("adts", "aac"));
}

#[test]
fn sound_of_another_rate_or_other_channels_in_a_joined_file_is_told_of() {
    let one = make(Material::Prompt, "aac", ADTS);
    let (plain, plain_probed) = probed(&one, "aac");
    let once = decode(&plain, &plain_probed, 0).channels.remove(0);
    for change in [["-ar", "22050"], ["-ac", "2"]] {
        let other = make(Material::Prompt, "aac", &[ADTS, &change].concat());
        let (source, probed) = probed(&[&one[..], &other, &one].concat(), "aac");
        let left_out = format!(
            "{} bytes of sound of another rate, profile or number of channels were left out",
            other.len()
        );
        assert_eq!(probed.facts.repaired, [left_out]);
        assert_eq!(probed.facts.frame_count, 2 * plain_probed.facts.frame_count);
        assert_eq!(decode(&source, &probed, 0).channels[0][..once.len()], once);
        seeks_exactly(&source, &probed);
    }
}

#[test]
fn damage_costs_only_what_it_hit_and_is_told() {
    let whole = make(Material::Prompt, "aac", ADTS);
    let (source, good) = probed(&whole, "aac");
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes.splice(middle..middle + 100, [0x55; 1000]);
    let (torn, damaged) = probed(&bytes, "aac");
    assert!(good.facts.frame_count - damaged.facts.frame_count <= 2 * 1024);
    assert_eq!(damaged.facts.repaired.len(), 1, "{:?}", damaged.facts.repaired);
    let (wanted, got) = (decode(&source, &good, 0), decode(&torn, &damaged, 0));
    assert_eq!(wanted.channels[0][..100_000], got.channels[0][..100_000]);
    seeks_exactly(&torn, &damaged);
}

#[test]
fn hostile_bytes_do_no_harm() {
    survives_mutilation(make(Material::Stereo, "aac", ADTS)[..20_000].to_vec(), "aac", 100);
}
