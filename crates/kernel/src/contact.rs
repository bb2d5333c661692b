//! Shapes of addresses under which a person can be told something: a mail address, a phone number. What has not the shape
//! is refused where it is typed, because nobody would ever be reached by it.

/// RFC 5321, 4.5.3.1.3.
const LONGEST_MAIL_ADDRESS: usize = 254;
/// The digits of a number that a person has: a landline without its area code, to a mobile with country code and extension.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=20;

/// Whether a text is one mail address and nothing beside it. What a mail program would read as more than one, or as a name
/// with an address, is none.
pub fn is_mail_address(text: &str) -> bool {
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !"<>()[],;:\\\"".contains(c);
    let Some((name, host)) = text.rsplit_once('@') else {
        return false;
    };
    let labels = || host.split('.');
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= LONGEST_MAIL_ADDRESS
        && !name.is_empty()
        && !name.contains('@')
        && labels().count() > 1
        && labels().all(is_label)
        && text.chars().all(is_plain)
}

/// Whether a text is a phone number of a person: 7 to 20 digits, with what people write between them (`0571-8888 6666`,
/// `+86 138…`, `…转801`). Full-width digits count as digits.
pub fn is_phone_number(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
    let digits = text.chars().filter(|c| is_digit(*c)).count();
    let mut rest = text.chars().filter(|c| !is_digit(*c));
    let is_between = |c: char| " +-()（）－—.#*转".contains(c);
    DIGITS.contains(&digits) && rest.all(is_between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_and_only_one() {
        for fine in ["li@city.example", "Li.Lei+near@a-b.gov.cn", "李@例子.中国"] {
            assert!(is_mail_address(fine), "{fine}");
        }
        let long = format!("{}@city.example", "a".repeat(250));
        for wrong in [
            "",
            "x",
            "li",
            "@city.example",
            "li@",
            "li@city",
            "li@city..example",
            "li@-city.example",
            "li@a.example,wang@b.example",
            "Li <li@city.example>",
            "li@city.example\r\nBcc: wang@city.example",
            "li li@city.example",
            "li@wang@city.example",
            &long,
        ] {
            assert!(!is_mail_address(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_number_has_the_digits_of_a_number() {
        for fine in [
            "13800138000",
            "+86 138 0013 8000",
            "0571-88886666",
            "8888666",
            "（0571）88886666转801",
            "１３８００１３８０００",
        ] {
            assert!(is_phone_number(fine), "{fine}");
        }
        for wrong in [
            "",
            "138",
            "12345",
            "call me",
            "13800138000 王",
            "1380013800013800138000",
            "138\n0013 8000",
        ] {
            assert!(!is_phone_number(wrong), "{wrong}");
        }
    }
}
