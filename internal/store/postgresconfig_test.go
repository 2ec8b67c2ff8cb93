package store

import (
	"fmt"
	"testing"
)

// What a session is like is not the URL's to say: values are read as they come in it.
func TestParametersForTheServer(t *testing.T) {
	t.Parallel()
	for query, name := range map[string]string{
		"": "svc-users", "fallback_application_name=x": "x",
		"fallback_application_name=x&application_name=y&TimeZone=CET&DateStyle=German&keepalives=1&sslcrl=": "y",
	} {
		config, err := postgresConfig("postgres://u@a/db?" + query)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"application_name": name, "timezone": "UTC", "client_encoding": "UTF8", "datestyle": "ISO, MDY", "standard_conforming_strings": "on",
		}
		if got := config.ConnConfig.RuntimeParams; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}
