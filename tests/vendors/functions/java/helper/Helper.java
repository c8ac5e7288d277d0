package helper;

/** In a jar below `lib/`, as dependencies are. */
public class Helper {
    public static String name() {
        return "from lib";
    }
}
