namespace Lockstep.Gateway.Accounts;

/// <summary>Registers local accounts.</summary>
public static class AccountServiceCollectionExtensions
{
    public static IServiceCollection AddAccounts(this IServiceCollection services) => services
        .AddSingleton<AccountDirectory>()
        .AddSingleton<BasicScheme>()
        .AddSingleton<Registrations>()
        .AddSingleton<RegistrationPolicy>();
}
