package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// login gets a token for the account of this service. The verifier asks for one at the start, before the last one ends
// and when it is refused, so nothing has to be kept here.
func (s settings) login(ctx context.Context) (string, error) {
	body, err := json.Marshal(map[string]string{"email": s.email, "password": s.password})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.users+"/api/v1/auth/login", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the login of this service was answered %d", response.StatusCode)
	}
	var answer struct {
		Data struct{ Token string }
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&answer); err != nil {
		return "", fmt.Errorf("the answer to the login of this service: %w", err)
	}
	if answer.Data.Token == "" {
		return "", errors.New("the answer to the login of this service holds no token")
	}
	return answer.Data.Token, nil
}
