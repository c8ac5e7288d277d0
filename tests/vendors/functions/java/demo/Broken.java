package demo;

/** For `demo.Broken::run`: cannot be made. */
public class Broken {
    public Broken() {
        throw new IllegalArgumentException("no settings");
    }

    public String run() {
        return "never";
    }
}
