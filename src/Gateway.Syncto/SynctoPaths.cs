using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Syncto;

/// <summary>The parts of paths.</summary>
internal static class SynctoPaths
{
    /// <summary>The prefix.</summary>
    public const string Prefix = "/syncto";

    /// <summary>The bucket that stands for each user's own storage; the client state says whose.</summary>
    public const string CommonBucket = "syncto";

    /// <summary>Collections that also have the short form: those that Syncto's documentation names.</summary>
    public static readonly IReadOnlyList<string> Short = ["bookmarks", "history", "passwords", "tabs"];

    /// <param name="path">A resource's path, below the prefix.</param>
    /// <returns>Empty where the path names no collection.</returns>
    public static string Collection(RequestPath path) => path.Count < 2 ? ""
        : path[1] is not "buckets" ? (Short.Contains(path[1], StringComparer.Ordinal) ? path[1] : "")
        : path.Count > 4 ? path[4] : "";

    /// <summary>Whether the path, which is a resource's, ends with a record.</summary>
    public static bool HasRecord(RequestPath path) => path.Count == (path.Count > 1 && path[1] is "buckets" ? 7 : 3);

    /// <summary><c>v1</c>, <c>v0</c>: a version.</summary>
    public static bool IsVersion(string segment) => segment.Length > 1 && segment[0] == 'v' && !segment.AsSpan(1).ContainsAnyExceptInRange('0', '9');
}
