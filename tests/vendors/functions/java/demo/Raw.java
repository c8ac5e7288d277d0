package demo;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** For `demo.Raw`: bytes in, bytes out. */
public class Raw implements RequestStreamHandler {
    @Override
    public void handleRequest(InputStream event, OutputStream answer, Context context) throws IOException {
        answer.write("{\"raw\":".getBytes());
        for (int next = event.read(); next >= 0; next = event.read()) answer.write(next);
        answer.write('}');
    }
}
