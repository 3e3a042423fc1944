// Package otlp exports spans by OTLP over HTTP, as protobuf, by the standard variables of
// the environment:
//
//	exporter, err := otlp.New(ctx, os.LookupEnv)
//	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter))
//
// What turns spans into messages is OpenTelemetry's own. Its client for HTTP is not used,
// since the package that has its requests links gRPC, which is more than 2 MB of a binary
// that speaks it to nobody.
package otlp
