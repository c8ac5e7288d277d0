package demo;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Methods for `demo.App::name`. */
public class App {
    private int count = 0;

    public Map<String, Object> order(Order order, Context context) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("customer", order.getCustomer());
        answer.put("total", order.getAmounts().stream().mapToInt(Integer::intValue).sum());
        answer.put("count", ++count);
        answer.put("request", context.getAwsRequestId());
        answer.put("arn", context.getInvokedFunctionArn());
        answer.put("memory", context.getMemoryLimitInMB());
        answer.put("left", context.getRemainingTimeInMillis() > 0);
        return answer;
    }

    public Map<String, Object> machine() throws Exception {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("java", System.getProperty("java.version"));
        answer.put("home", System.getProperty("java.home"));
        answer.put("directory", System.getProperty("user.dir"));
        answer.put("heap", Runtime.getRuntime().maxMemory());
        answer.put("flavour", System.getProperty("flavour"));
        answer.put("wrapped", System.getProperty("wrapped"));
        answer.put("authorities", authorities() > 50);
        answer.put("archive", maps("/var/runtime/lib/cds/"));
        answer.put("tmp", Arrays.asList(new File("/tmp").list()));
        return answer;
    }

    private static boolean maps(String file) throws Exception {
        return Files.readAllLines(Paths.get("/proc/self/maps")).stream().anyMatch(line -> line.contains(file));
    }

    private static int authorities() throws Exception {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager) return ((X509TrustManager) manager).getAcceptedIssuers().length;
        }
        return 0;
    }

    public Map<String, String> environment() {
        return System.getenv();
    }

    public String libraries() {
        return helper.Helper.name() + ", " + shared.Shared.name();
    }

    public String log(String text, Context context) {
        System.out.println("printed " + text);
        context.getLogger().log("two\nlines", LogLevel.INFO);
        context.getLogger().log("hidden", LogLevel.DEBUG);
        return text;
    }

    public String fail(String how) {
        if (how.equals("exit")) System.exit(3);
        throw new IllegalStateException("not " + how, new RuntimeException("the cause"));
    }
}
