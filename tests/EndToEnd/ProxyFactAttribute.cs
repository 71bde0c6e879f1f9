namespace Lockstep.EndToEnd;

/// <summary>A test that is left out, with the reason, where the proxy is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProxyFactAttribute : FactAttribute
{
    public ProxyFactAttribute(string language)
    {
        var kind = ProxyKind.All.Single(kind => kind.Language == language);
        Skip = File.Exists(kind.Program) ? null : $"{kind.Program} is not here (Debian: apt-get install {kind.Package})";
    }
}
