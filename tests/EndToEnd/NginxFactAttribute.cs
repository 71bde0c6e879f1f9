namespace Lockstep.EndToEnd;

/// <summary>A test that is left out, with the reason, where there is no nginx.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NginxFactAttribute : FactAttribute
{
    public NginxFactAttribute() => Skip = Nginx.Missing;
}
