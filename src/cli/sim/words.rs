//! The words of one line: bare ones, quoted ones, commas; and where they stand.

use std::fmt;

/// A place in a file, both numbers from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pos {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Pos {
    /// An error at this place: what is wrong, and what to write instead.
    #[must_use]
    pub fn says(self, what: &str, help: &str) -> ScriptError {
        ScriptError { pos: self, what: what.to_owned(), help: help.to_owned() }
    }
}

/// Why a scenario cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pos}: {what}\n  help: {help}")]
pub struct ScriptError {
    /// Where.
    pub pos: Pos,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub help: String,
}

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Without its quotes.
    pub text: String,
    /// Whether it had quotes.
    pub quoted: bool,
    column: usize,
}

/// The words of one line, from left to right.
pub struct Words {
    words: std::iter::Peekable<std::vec::IntoIter<Word>>,
    line: usize,
    /// The column after the last word.
    end: usize,
}

impl Words {
    /// Cuts a line into words; `#` outside quotes begins a comment.
    ///
    /// # Errors
    /// [`ScriptError`] when a quote is not closed.
    pub fn of(text: &str, line: usize) -> Result<Self, ScriptError> {
        let mut words = Vec::new();
        let mut chars = text.chars().zip(1_usize..).peekable();
        let mut end = 1;
        while let Some((c, column)) = chars.next() {
            let mut word = Word { text: String::new(), quoted: false, column };
            match c {
                '#' => break,
                c if c.is_whitespace() => continue,
                '"' => {
                    word.quoted = true;
                    let mut closed = false;
                    while let Some((c, _)) = chars.next() {
                        match c {
                            '"' => {
                                closed = true;
                                break;
                            }
                            '\\' => match chars.next() {
                                Some(('n', _)) => word.text.push('\n'),
                                Some((c, _)) => word.text.push(c),
                                None => {}
                            },
                            c => word.text.push(c),
                        }
                    }
                    if !closed {
                        let pos = Pos { line, column };
                        return Err(pos.says("this quote is never closed", "add a \" at its end"));
                    }
                }
                ',' => word.text.push(','),
                c => {
                    word.text.push(c);
                    let part = |c: char| !c.is_whitespace() && !matches!(c, '"' | ',' | '#');
                    while let Some((c, _)) = chars.next_if(|(c, _)| part(*c)) {
                        word.text.push(c);
                    }
                }
            }
            end = chars.peek().map_or_else(|| text.chars().count().saturating_add(1), |(_, n)| *n);
            words.push(word);
        }
        Ok(Self { words: words.into_iter().peekable(), line, end })
    }

    /// Where the next word stands, or the end of the line.
    pub fn pos(&mut self) -> Pos {
        let column = self.words.peek().map_or(self.end, |word| word.column);
        Pos { line: self.line, column }
    }

    /// The next word.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<Word> {
        self.words.next()
    }

    /// What the next word says, without taking it.
    pub fn peek(&mut self) -> Option<String> {
        self.words.peek().map(|word| word.text.clone())
    }

    /// The same, for words without quotes.
    pub fn peek_word(&mut self) -> Option<String> {
        self.words.peek().filter(|word| !word.quoted).map(|word| word.text.clone())
    }

    /// The next word, which must be there.
    ///
    /// # Errors
    /// [`ScriptError`] at the end of the line.
    pub fn need(&mut self, what: &str) -> Result<Word, ScriptError> {
        let pos = self.pos();
        self.next().ok_or_else(|| pos.says("the line ends too early", &format!("add {what}")))
    }

    /// The next word, which must be in quotes.
    ///
    /// # Errors
    /// [`ScriptError`].
    pub fn quoted(&mut self, what: &str) -> Result<String, ScriptError> {
        let pos = self.pos();
        let word = self.need(&format!("{what}, in quotes"))?;
        if word.quoted {
            return Ok(word.text);
        }
        let help = format!("write {what} in quotes: \"{}\"", word.text);
        Err(pos.says(&format!("{} is not in quotes", word.text), &help))
    }

    /// A certain word.
    ///
    /// # Errors
    /// [`ScriptError`] when there is another.
    pub fn word(&mut self, wanted: &str) -> Result<(), ScriptError> {
        let pos = self.pos();
        let word = self.need(&format!("`{wanted}`"))?;
        if word.text == wanted {
            return Ok(());
        }
        Err(pos.says(&format!("{} does not belong here", word.text), &format!("write `{wanted}`")))
    }

    /// Nothing may follow.
    ///
    /// # Errors
    /// [`ScriptError`] when something does.
    pub fn end(&mut self) -> Result<(), ScriptError> {
        let pos = self.pos();
        self.next().map_or(Ok(()), |word| {
            let what = format!("{} is one word too many", word.text);
            Err(pos.says(&what, "end the line before it, or put words with spaces in quotes"))
        })
    }
}
