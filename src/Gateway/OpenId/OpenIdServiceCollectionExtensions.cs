namespace Lockstep.Gateway.OpenId;

/// <summary>Registers sign-in with accounts of other servers.</summary>
public static class OpenIdServiceCollectionExtensions
{
    /// <param name="services">Get it.</param>
    /// <param name="options">Checked settings.</param>
    public static IServiceCollection AddOpenId(this IServiceCollection services, OpenIdOptions options) => services
        .AddSingleton(options)
        .AddSingleton<OpenIdProviders>()
        .AddSingleton<OpenIdLogins>()
        .AddSingleton<OpenIdData>();
}
