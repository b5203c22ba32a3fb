//! Objects as `Export-Clixml` writes them (format notes, section 5).

use std::fmt::Write as _;

use crate::powershell::{Object, Value};
use crate::xml::escape;

/// The text of the file.
pub fn write(object: &Object) -> String {
    let mut writer = Writer { text: String::new(), next: 0 };
    writer.object(object, "");
    format!("<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\n{}</Objs>\n", writer.text)
}

struct Writer {
    text: String,
    /// The next object's number.
    next: usize,
}

impl Writer {
    fn simple(&mut self, element: &str, name: &str, value: &str) {
        let _ = writeln!(self.text, "<{element}{name}>{value}</{element}>");
    }

    /// Begins an object with the names of its types.
    fn open(&mut self, name: &str, types: &[&str]) {
        let number = self.next;
        self.next += 1;
        let types: String = types.iter().map(|class| format!("<T>{class}</T>")).collect();
        let _ = writeln!(self.text, "<Obj{name} RefId=\"{number}\">\n<TN RefId=\"{number}\">{types}</TN>");
    }

    fn close(&mut self) {
        self.text.push_str("</Obj>\n");
    }

    fn object(&mut self, object: &Object, name: &str) {
        let properties = |writer: &mut Writer| {
            object.properties.iter().for_each(|(name, value)| writer.value(value, &format!(" N=\"{name}\"")));
        };
        if object.class.is_empty() {
            self.open(name, &["System.Management.Automation.PSCustomObject", "System.Object"]);
            self.text.push_str("<MS>\n");
            properties(self);
            self.text.push_str("</MS>\n");
        } else {
            let space =
                if object.class == "VirtualHardDisk" { "Microsoft.Vhd.PowerShell" } else { "Microsoft.HyperV.PowerShell" };
            let class = format!("{space}.{}", object.class);
            self.open(name, &[&class, "System.Object"]);
            let _ = writeln!(self.text, "<ToString>{class}</ToString>\n<Props>");
            properties(self);
            self.text.push_str("</Props>\n");
        }
        self.close();
    }

    fn value(&mut self, value: &Value, name: &str) {
        match value {
            Value::Nothing => {
                let _ = writeln!(self.text, "<Nil{name} />");
            }
            Value::Text(text) => self.simple("S", name, &string(text)),
            Value::Truth(value) => self.simple("B", name, if *value { "true" } else { "false" }),
            Value::Number(number) => match i32::try_from(*number) {
                Ok(number) => self.simple("I32", name, &number.to_string()),
                Err(_) => self.simple("U64", name, &number.to_string()),
            },
            Value::Guid(guid) => self.simple("G", name, guid),
            Value::Version(version) => self.simple("S", name, version),
            Value::Seconds(seconds) => {
                let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
                self.simple("TS", name, &format!("PT{hours}H{minutes}M{seconds}S"));
            }
            Value::Enum(enumeration, number, word) => {
                let class = format!("Microsoft.HyperV.PowerShell.{}", enumeration.class);
                self.open(name, &[&class, "System.Enum", "System.ValueType", "System.Object"]);
                self.simple("ToString", "", word);
                self.simple("I32", "", &number.to_string());
                self.close();
            }
            Value::List(items) => {
                self.open(name, &["System.Collections.ArrayList", "System.Object"]);
                self.text.push_str("<LST>\n");
                items.iter().for_each(|item| self.value(item, ""));
                self.text.push_str("</LST>\n");
                self.close();
            }
            Value::Object(object) => self.object(object, name),
        }
    }
}

/// Text, of which XML would change the line ends.
fn string(text: &str) -> String {
    escape(&text.replace("_x", "_x005F_x").replace('\n', "_x000A_"))
}
