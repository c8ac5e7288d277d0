// A function as people write it with AWS's library.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do   string `json:"do"`
	Name string `json:"name"`
}

type refused struct{ reason string }

func (r refused) Error() string { return r.reason }

var count int

func handle(ctx context.Context, e event) (map[string]any, error) {
	count++
	fmt.Println("working on", e.Do)
	switch e.Do {
	case "fail":
		return nil, refused{"not today"}
	case "panic":
		panic("out of order")
	}
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return map[string]any{
		"hello":   e.Name,
		"count":   count,
		"request": lc.AwsRequestID,
		"arn":     lc.InvokedFunctionArn,
		"custom":  lc.ClientContext.Custom,
		"memory":  lambdacontext.MemoryLimitInMB,
		"left":    time.Until(deadline) > 0,
		"task":    os.Getenv("LAMBDA_TASK_ROOT"),
	}, nil
}

func main() { lambda.Start(handle) }
