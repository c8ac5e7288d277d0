package shared;

/** In a jar of a layer. */
public class Shared {
    public static String name() {
        return "from a layer";
    }
}
