using Lockstep.Gateway.Pages;

namespace Lockstep.Gateway.Console.Pages;

/// <summary>The pages of the console, and the page at <c>/</c>. What each shows is said once more in <c>Files/app.js</c>.</summary>
public static class ConsolePages
{
    /// <summary>Where they are.</summary>
    public static IReadOnlyList<string> Paths { get; } =
    [
        "/",
        "/admin",
        "/admin/",
        "/admin/bucket",
        "/admin/collection",
        "/admin/record",
        "/admin/account",
        "/admin/first",
        "/admin/invitation",
        "/admin/server",
        "/admin/health",
        "/admin/accounts",
        "/admin/accounts/show",
        "/admin/accounts/bucket",
        "/admin/audit",
        "/admin/settings",
    ];

    /// <summary>Reads them out of the assembly.</summary>
    /// <param name="facts">What they say of this server.</param>
    public static PageSet Read(IReadOnlyDictionary<string, string> facts) => new(typeof(ConsolePages).Assembly, Paths, facts) { LeavesQueries = true };
}
