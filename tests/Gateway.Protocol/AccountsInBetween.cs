using System.Reflection;
using Lockstep.Core.Accounts;

namespace Lockstep.Gateway.Protocol;

/// <summary>An account store in which something else happens right before one call, once.</summary>
public class AccountsInBetween : DispatchProxy
{
    private IAccountStore inner = null!;
    private string call = "";
    private Func<Task>? before;

    /// <param name="inner">What the calls go to.</param>
    /// <param name="call">The name of the call.</param>
    /// <param name="before">What happens before it.</param>
    public static IAccountStore Of(IAccountStore inner, string call, Func<Task> before)
    {
        var store = Create<IAccountStore, AccountsInBetween>();
        var proxy = (AccountsInBetween)(object)store;
        (proxy.inner, proxy.call, proxy.before) = (inner, call, before);
        return store;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name != call ? targetMethod.Invoke(inner, args)
        : targetMethod.ReturnType == typeof(ValueTask) ? new ValueTask(LateAsync(async () => await (ValueTask)targetMethod.Invoke(inner, args)!))
        : new ValueTask<Account?>(LateAsync(async () => await (ValueTask<Account?>)targetMethod.Invoke(inner, args)!));

    private async Task LateAsync(Func<Task> act)
    {
        await BeforeAsync();
        await act();
    }

    private async Task<Account?> LateAsync(Func<Task<Account?>> act)
    {
        await BeforeAsync();
        return await act();
    }

    private Task BeforeAsync() => Interlocked.Exchange(ref before, null)?.Invoke() ?? Task.CompletedTask;
}
