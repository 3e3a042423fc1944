package main

import (
	"io"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logLevel is --log-level.
type logLevel struct{ zapcore.Level }

// Set takes debug, info, warn or error.
func (l *logLevel) Set(s string) error {
	var name string
	if err := setOneOf(&name, s, "debug", "info", "warn", "error"); err != nil {
		return err
	}
	return l.Level.Set(name)
}

// Type is what help calls the value.
func (l *logLevel) Type() string { return "debug|info|warn|error" }

// newLogger writes one JSON object a line.
func newLogger(w io.Writer, level zapcore.Level) *zap.Logger {
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey: "time", LevelKey: "level", MessageKey: "msg", NameKey: "logger",
		EncodeTime: func(t time.Time, e zapcore.PrimitiveArrayEncoder) {
			e.AppendString(t.UTC().Format("2006-01-02T15:04:05.000000Z07:00"))
		},
		EncodeLevel:    zapcore.LowercaseLevelEncoder,
		EncodeDuration: zapcore.SecondsDurationEncoder,
	})
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), level))
}
