package config

import (
	"fmt"
	"log/slog"
)

// Secret is text that fmt, encoders and loggers print as a placeholder. The text is behind a pointer, so that a printer
// that reads unexported fields finds an address only. The zero Secret means that there is none.
type Secret struct {
	text *string
}

// hidden is what a Secret prints as.
const hidden = "[secret]"

// NewSecret hides text. No text is no secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text, for the one place that needs it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.text == nil }

// String is a placeholder, or empty where there is no secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return hidden
}

// Format writes the placeholder for every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText gives encoders the placeholder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue gives loggers the placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
