namespace Lockstep.EndToEnd;

/// <summary>A test that is left out, with the reason, where there is no Caddy.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CaddyFactAttribute : FactAttribute
{
    public CaddyFactAttribute() => Skip = Caddy.Missing;
}
