//! Tables of numbers as spreadsheets and scripts write them: a line of names, then a row a line.

use std::collections::HashMap;
use std::fmt;

use csv::ReaderBuilder;

/// A table with named columns, as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The names, each once: what occurs again is `name (2)`.
    names: Vec<String>,
    /// The cells, trimmed; as many a row as there are names.
    rows: Vec<Vec<String>>,
    /// Whether a comma is likely to stand for a point.
    decimal_comma: bool,
    /// What was made of the file that its author may not have meant, a line each.
    notes: Vec<String>,
}

/// The numbers of a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// One a row; NaN where there is none.
    pub values: Vec<f64>,
    /// The rows, from 0, with something else than a number.
    pub text: Vec<usize>,
    /// Whether numbers are followed by `%`.
    pub percent: bool,
}

/// Why a file is no table, or has no such column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The cause in plain words.
    pub cause: String,
    /// What can be done about it.
    pub help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.cause, self.help)
    }
}

impl Table {
    /// Reads a table whose columns commas, semicolons, tabs or bars separate, by which of them the line of names has
    /// most of; in UTF-8 or UTF-16, with or without a byte order mark.
    ///
    /// # Errors
    /// A file without a line of names.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let text = decoded(bytes);
        let (said, text) = separator_said(&text);
        let separator = said.unwrap_or_else(|| separator(text));
        let mut reader =
            ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
        let trimmed = |record: &csv::StringRecord| record.iter().map(|cell| cell.trim().to_owned()).collect();
        let unreadable = |error: csv::Error| Problem {
            cause: format!("not a table ({error})"),
            help: "a CSV file with a line of names is needed".to_owned(),
        };
        let mut names: Vec<String> = trimmed(reader.headers().map_err(unreadable)?);
        if names.iter().all(String::is_empty) {
            return Err(Problem {
                cause: "a table without names of columns".to_owned(),
                help: "the first line must name them".to_owned(),
            });
        }
        let mut notes = tell_apart(&mut names);
        let mut longer = 0;
        let mut rows = Vec::new();
        for record in reader.records() {
            let mut row: Vec<String> = trimmed(&record.map_err(unreadable)?);
            if row.iter().all(String::is_empty) {
                continue;
            }
            longer += usize::from(row.iter().skip(names.len()).any(|cell| !cell.is_empty()));
            row.resize(names.len(), String::new());
            rows.push(row);
        }
        if longer > 0 {
            let rows = crate::words::counted(longer, "row");
            notes.push(format!("{rows} with more cells than there are names: those beyond are not read"));
        }
        Ok(Self { names, rows, decimal_comma: separator == b';', notes })
    }

    /// The names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What was made of the file that its author may not have meant, a line each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The number of the column that a name means: the column of this very name, else the only one of it but for case,
    /// marks and emoji.
    ///
    /// # Errors
    /// No such column, or several.
    pub fn column(&self, name: &str) -> Result<usize, Problem> {
        if let Some(exact) = self.names.iter().position(|known| known == name.trim()) {
            return Ok(exact);
        }
        let wanted = plain(name);
        let alike = |known: &&String| !wanted.is_empty() && plain(known) == wanted;
        let several: Vec<&String> = self.names.iter().filter(alike).collect();
        match several[..] {
            [] => Err(self.no_column(name)),
            [one] => Ok(self.names.iter().position(|known| known == one).unwrap_or_default()),
            [one, other, ..] => Err(Problem {
                cause: format!("`{name}` may mean the column `{one}` or `{other}`"),
                help: "name it as the table does".to_owned(),
            }),
        }
    }

    fn no_column(&self, name: &str) -> Problem {
        /// As many names as fit on a line or two.
        const TOLD: usize = 24;
        let wanted = plain(name);
        let slips = |known: &&String| strsim::damerau_levenshtein(&plain(known), &wanted);
        let named = || self.names.iter().filter(|known| !known.is_empty());
        let near =
            named().min_by_key(slips).filter(|near| slips(near) <= (wanted.chars().count() / 3).max(2));
        let meant = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        let all: Vec<&str> = named().take(TOLD).map(String::as_str).collect();
        let more = if named().count() > TOLD { ", …" } else { "" };
        Problem {
            cause: format!("the table has no column `{name}`"),
            help: format!("{meant}it has {}{more}", all.join(", ")),
        }
    }

    /// The cells of a column.
    pub fn cells(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().map(move |row| row[column].as_str())
    }

    /// The numbers of a column: with a point or a comma, thousands apart or not, in per cent, with an error behind ±.
    pub fn numbers(&self, column: usize) -> Numbers {
        // Whoever writes thousands with commas writes them in threes.
        let in_threes = |cell: &str| cell.split(',').skip(1).all(|part| digits(part).len() == 3);
        let with_comma: Vec<&str> =
            self.cells(column).filter(|cell| cell.contains(',') && numeric(cell)).collect();
        let decimal = with_comma.iter().all(|cell| cell.matches(',').count() == 1 && !cell.contains('.'))
            && (self.decimal_comma || !with_comma.iter().all(|cell| in_threes(cell)));
        let mut numbers = Numbers::default();
        for (row, cell) in self.cells(column).enumerate() {
            let number = if is_missing(cell) { Some(f64::NAN) } else { number(cell, decimal) };
            numbers.percent |= number.is_some_and(|_| cell.ends_with('%'));
            if number.is_none() {
                numbers.text.push(row);
            }
            numbers.values.push(number.filter(|number| number.is_finite()).unwrap_or(f64::NAN));
        }
        numbers
    }
}

/// What is left of a name without case, marks and emoji.
pub fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a cell says that there is nothing.
pub fn is_missing(cell: &str) -> bool {
    let nothing = ["", "na", "n/a", "nan", "null", "none", "nil", "missing", "-", "–", "—", "?", "."];
    nothing.contains(&&*cell.to_lowercase())
}

/// The digits that a text begins with.
fn digits(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())]
}

/// Whether a cell holds what numbers are written with and nothing else.
fn numeric(cell: &str) -> bool {
    cell.chars().all(|c| c.is_ascii_digit() || ".,+-−eE%± \u{a0}\u{202f}'".contains(c))
}

/// The number that a cell holds; `None` where it holds something else.
fn number(cell: &str, decimal_comma: bool) -> Option<f64> {
    let cell = cell.split('±').next().unwrap_or_default().trim().trim_end_matches('%').trim_end();
    let cell: String = cell.chars().filter(|c| !"\u{a0}\u{202f}'".contains(*c)).collect();
    let cell = cell.replace('−', "-");
    if decimal_comma {
        return cell.replace(',', ".").parse().ok();
    }
    // A comma that is no thousands' is no number's.
    let mut parts = cell.split(',');
    let first = parts.next().unwrap_or_default().trim_start_matches(['+', '-']);
    let thousands = |part: &str| digits(part).len() == 3;
    let (count, whole) = (cell.matches(',').count(), first.len() <= 3 && digits(first) == first);
    match count == 0 || (whole && parts.all(thousands)) {
        true => cell.replace(',', "").parse().ok(),
        false => None,
    }
}

/// The text of a file, in UTF-16 where it begins so.
fn decoded(bytes: &[u8]) -> String {
    let units = |of: fn([u8; 2]) -> u16| -> String {
        let units = bytes[2..].chunks_exact(2).map(|pair| of([pair[0], pair[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned(),
    }
}

/// The separator that a spreadsheet wrote as `sep=;` on a line of its own, and the table below.
fn separator_said(text: &str) -> (Option<u8>, &str) {
    let said = || {
        let (line, table) = text.split_once('\n')?;
        let [separator] = *line.trim_end_matches('\r').strip_prefix("sep=")?.as_bytes() else { return None };
        Some((separator, table))
    };
    said().map_or((None, text), |(separator, table)| (Some(separator), table))
}

/// The separator that the line of names has most of, outside quotes; a comma where it has none.
fn separator(text: &str) -> u8 {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut quoted = false;
    let mut counts: HashMap<u8, usize> = HashMap::new();
    for byte in line.bytes() {
        quoted ^= byte == b'"';
        if !quoted && b",;\t|".contains(&byte) {
            *counts.entry(byte).or_default() += 1;
        }
    }
    let count = |separator: &u8| counts.get(separator).copied().unwrap_or(0);
    // Of those as many, the last is taken.
    *b"|;\t,".iter().max_by_key(|separator| count(separator)).unwrap_or(&b',')
}

/// Gives names that occur again a number; what is to be said of that.
fn tell_apart(names: &mut [String]) -> Vec<String> {
    let mut notes = Vec::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for name in names.iter_mut().filter(|name| !name.is_empty()) {
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            let numbered = format!("{name} ({count})");
            notes.push(format!("one more column `{name}` is called `{numbered}`"));
            *name = numbered;
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str, name: &str) -> Vec<f64> {
        let table = Table::read(text.as_bytes()).unwrap();
        table.numbers(table.column(name).unwrap()).values
    }

    #[test]
    fn separators_quotes_and_marks_are_read() {
        let expected = [0.5, -2.0];
        for text in [
            "a,b\n1,0.5\n2,-2\n",
            "\u{feff}a,b\r\n1,0.5\r\n\r\n2,-2",
            "a;b\n1;0,5\n2;-2\n",
            "a;b\n1;0.5\n2;−2\n",
            "a\tb\n1\t0.5\n2\t-2\n",
            "sep=;\na;b\n1;0,50\n2;-2,0\n",
            "\"a\",\" b \"\n\"x, y\",\" 0.5 \"\n\"say \"\"hi\"\"\",\"-2\"\n",
            "\"a;c;d\",b\n1,0.5\n2,-2\n",
            "a,b\n1,0.5 ± 0.1\n2,-2e0\n",
        ] {
            assert_eq!(values(text, "b"), expected, "{text:?}");
        }
        let utf16: Vec<u8> =
            "\u{feff}a\tb\n1\t0.5\n2\t-2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let table = Table::read(&utf16).unwrap();
        assert_eq!(table.numbers(1).values, expected);
    }

    #[test]
    fn thousands_and_decimal_commas_are_told_apart() {
        assert_eq!(values("n,b\n\"1,234\",1\n\"12,345,678\",1\n", "n"), [1234.0, 12_345_678.0]);
        assert_eq!(values("n,b\n\"1,234.5\",1\n12,1\n", "n"), [1234.5, 12.0]);
        assert_eq!(values("n,b\n\"1,5\",1\n\"12,25\",1\n", "n"), [1.5, 12.25]);
        assert_eq!(values("n;b\n1,234;1\n0,5;1\n", "n"), [1.234, 0.5]);
        assert_eq!(values("n;b\n1,234,567;1\n2;1\n", "n"), [1_234_567.0, 2.0]);
        assert_eq!(values("n,b\n1\u{a0}234,1\n7'000,1\n", "n"), [1234.0, 7000.0]);
    }

    #[test]
    fn what_is_no_number_is_missing_or_told() {
        let table = Table::read(b"a,b\n1,45.2%\n,N/A\nabc,-\n2,inf\n\"1,2,3\",12%\n").unwrap();
        let (a, b) = (table.numbers(0), table.numbers(1));
        assert_eq!((a.text, a.percent), (vec![2, 4], false));
        assert!(a.values[0] == 1.0 && a.values[1].is_nan() && a.values[2].is_nan() && a.values[4].is_nan());
        assert_eq!((b.text, b.percent), (vec![], true));
        assert!(b.values[0] == 45.2 && b.values[1..4].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn rows_need_not_have_as_many_cells() {
        let table = Table::read(b"a,b,c\n1,2\n1,2,3,4\n1,2,3,\n,,\n").unwrap();
        assert_eq!(table.len(), 3);
        assert_eq!(table.cells(2).collect::<Vec<_>>(), ["", "3", "3"]);
        assert_eq!(table.notes(), ["1 row with more cells than there are names: those beyond are not read"]);
        assert!(Table::read(b"a,b\n").unwrap().is_empty());
        assert!(Table::read(b"").is_err() && Table::read(b",,\n1,2,3\n").is_err());
    }

    #[test]
    fn columns_are_found_by_what_they_are_called() {
        let table = Table::read(
            "fullname,Average ⬆️,#Params (B),acc,acc,mean acc,Mean-acc\na,1,2,3,4,5,6\n".as_bytes(),
        )
        .unwrap();
        assert_eq!(table.column("average"), Ok(1));
        assert_eq!(table.column("params b"), Ok(2));
        assert_eq!((table.column("acc"), table.column("acc (2)")), (Ok(3), Ok(4)));
        assert_eq!(table.notes(), ["one more column `acc` is called `acc (2)`"]);
        assert!(table.column("meanacc").unwrap_err().cause.contains("`mean acc` or `Mean-acc`"));
        let problem = table.column("fulname").unwrap_err();
        assert_eq!(problem.cause, "the table has no column `fulname`");
        assert!(
            problem.help.starts_with("did you mean `fullname`? it has fullname, Average ⬆️, "),
            "{problem}"
        );
        assert!(table.column("loss").unwrap_err().help.starts_with("it has fullname"));
    }
}
